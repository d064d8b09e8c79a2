"""Documents and what they import → one linked, typed program."""

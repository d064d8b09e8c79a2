"""Tables whose rows a step writes, so that they are known once it has run."""

"""The files of a run: which it works on, which are unfinished, and which it has to make."""

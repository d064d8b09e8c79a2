"""Where the words of the command line are kept. Whoever only finds the command imports this, and no more."""

ARGUMENTS = "sncompile.arguments"
"""The key under which click's context keeps them, for the record of a run."""

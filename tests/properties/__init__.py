"""The compiler against an independent, naive reading of the language."""

"""Pipelines and their steps → the program: what is bound to what, by name or by convention."""

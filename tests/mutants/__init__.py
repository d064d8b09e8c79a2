"""Faults put into valid specs, to see whether the checker finds each where it is. See `python -m tests.mutants`."""

"""Faults put into the code itself, to see whether the tests find them. See `python -m tests.code_mutants`."""

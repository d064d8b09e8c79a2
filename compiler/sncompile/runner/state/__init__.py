"""Runs and the state beside the data: what a run has to do, and what is known once it has done it."""

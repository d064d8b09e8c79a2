"""A SLURM of one node for tests."""

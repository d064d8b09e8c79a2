"""Snakemake itself, as a process: what it is started with, what it tells, and what it makes of emitted files."""

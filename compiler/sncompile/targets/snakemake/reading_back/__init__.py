"""What was emitted, read as Snakemake would and compared with the graph."""

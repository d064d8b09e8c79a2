"""`specs/examples/dna-seq`: the job graphs of the original, and doubles of the tools."""

"""The example `rna-seq` beside the Snakemake workflow rna-seq-star-deseq2, which it is a port of.

`graphs/` has the jobs and edges of that workflow in its three test configurations, as Snakemake itself makes them: each
job is its rule and wildcards, each edge a pair of indices. `config_…/` have the configurations and sheets.
"""

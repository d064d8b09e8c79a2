"""The Snakemake target: graph → rules with sidecar tables → Snakefile, source map, profiles."""

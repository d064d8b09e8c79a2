"""Random specs with the jobs that they stand for, told by the language's definition alone.

`model` is a spec as plain data, `expressions` what stands in `${…}`. `relation` and `oracle` say, as naively as they
can, which jobs a spec has. `tables`, `steps`, `nested` and `pipelines` make specs up. `levels`, `snakemake_run` and
`cwl_run` ask the compiler and the engines, and `comparison` holds all answers against the oracle's. `reduce` makes a
spec smaller, and `search` looks through many seeds from the command line.

Nothing here but `levels`, `snakemake_run` and `cwl_run` knows the compiler.
"""

"""The benchmark: what sncompile costs, beside what others cost for the same work, in one run.

    python -m tests.bench [--quick | --full] [--only GROUP …] [--out FOLDER]

`docs/how-to/benchmark.md` says what the columns mean.
"""

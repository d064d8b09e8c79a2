"""Passes: graph → graph, one a file. Their order stands in `pipeline.py`."""

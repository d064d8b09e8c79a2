"""Examples that are ports of other workflows, against the graphs of those."""

"""What a run is asked for: the jobs that selectors name, and the files of outputs and steps."""

"""Two graphs compared: which jobs are new, gone or changed, and why."""

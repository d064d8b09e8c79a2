"""A run's events, told to telemetry by a process of its own."""

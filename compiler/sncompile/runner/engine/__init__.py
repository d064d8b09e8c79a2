"""The engine's process, and all that it is told: options, profiles, environment, SLURM."""

"""bash: one script that runs everything, on one machine."""

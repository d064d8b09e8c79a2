"""Package data: specs."""

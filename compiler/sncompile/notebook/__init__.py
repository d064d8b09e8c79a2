"""The Python interface: pipelines with state, built or loaded, run in the background, and shown in notebooks."""

"""The intermediate representation, which stands alone: it knows nothing of specs, and nothing of targets."""

"""Tests that ask real engines."""

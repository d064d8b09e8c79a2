"""Typed values, how they are seen from other key sets, and how they are evaluated."""

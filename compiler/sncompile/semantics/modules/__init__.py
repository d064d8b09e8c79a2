"""Modules: where references lead, what the lock file has of them, and their typed form."""

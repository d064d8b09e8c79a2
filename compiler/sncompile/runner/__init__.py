"""Emitted files → a run: process, record, progress, logs. Knows nothing of how the files were made."""

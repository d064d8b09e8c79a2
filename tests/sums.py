"""The sums of files."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sums(folder: Path) -> dict[str, str]:
    """The SHA-256 sum of every file below a folder, but of those that Snakemake keeps for itself."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".snakemake") for part in path.relative_to(folder).parts)
    }

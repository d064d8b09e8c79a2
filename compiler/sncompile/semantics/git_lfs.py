"""Pointers of Git LFS: what stands in the place of a file whose content was not brought yet."""

from __future__ import annotations

from pathlib import Path

BEGINNING = b"version https://git-lfs.github.com/spec/v1\n"
LARGEST = 1024
"""Bytes of a pointer at most, by LFS's specification."""

PULL = "run `git lfs pull` in its repository, which brings the file itself"


def is_pointer(data: bytes) -> bool:
    """Whether a file that begins so is a pointer.

    >>> is_pointer(BEGINNING + b"oid sha256:4d7a\\nsize 12345\\n"), is_pointer(b"sample,dose\\n")
    (True, False)
    """
    return data.startswith(BEGINNING)


def stands_for_another(path: str | Path) -> bool:
    """Whether a file is a pointer; false where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return is_pointer(file.read(len(BEGINNING)))
    except (OSError, ValueError):
        return False

"""The spec before and after an edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from .folder import Folder


@pytest.fixture
def now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The spec that a test edits, in the working folder."""
    folder = Folder(tmp_path / "now")
    monkeypatch.chdir(folder.path)
    return folder


@pytest.fixture
def before(tmp_path: Path) -> Folder:
    """The spec as it was."""
    return Folder(tmp_path / "before")

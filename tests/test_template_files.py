"""Templates are compiled once, and kept where that can be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sncompile import template_files


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds a template, in the place of the package's."""
    (tmp_path / "t.txt").write_text("{{ name }}!")
    monkeypatch.setattr(template_files, "files", lambda package: tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path


def render(**settings: object) -> str:
    return template_files.environment(**settings).get_template("t.txt").render(name="<a>")  # type: ignore[arg-type]


def kept(templates: Path) -> list[Path]:
    return sorted((templates / "__pycache__").glob("*.pyc"))


def test_what_was_compiled_is_kept_and_used(templates: Path) -> None:
    """By its text and its settings; a file that is damaged says nothing."""
    assert render() == "<a>!"
    (file,) = kept(templates)
    made = file.stat().st_ino
    assert render() == "<a>!"
    assert file.stat().st_ino == made
    (templates / "t.txt").write_text("{{ name }}?")
    assert render() == "<a>?"
    assert render(autoescape=True) == "&lt;a&gt;?"
    assert len(kept(templates)) == 2
    for each in kept(templates):
        each.write_bytes(each.read_bytes()[:-9])
    assert render() == "<a>?"


@pytest.mark.parametrize("why", ["unwanted", "a file", "a folder in its place"])
def test_what_cannot_be_kept_is_compiled(templates: Path, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python keeps no modules either, or nothing can be written there."""
    if why == "unwanted":
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
    elif why == "a file":
        (templates / "__pycache__").write_text("")
    else:
        render()
        (file,) = kept(templates)
        file.unlink()
        file.mkdir()
    assert render() == "<a>!"
    assert not [each for each in kept(templates) if each.is_file()]

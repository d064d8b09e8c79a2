"""Examples in docstrings show what is so."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import sncompile

HERE = Path(sncompile.__file__).parent
SHOWING = sorted(
    ".".join((HERE.name, *file.relative_to(HERE).with_suffix("").parts))
    for file in HERE.rglob("*.py")
    if ">>> " in file.read_text("utf-8")
)


@pytest.mark.parametrize("name", SHOWING)
def test_examples_in_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0

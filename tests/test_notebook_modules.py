"""What a check sees of the notebook of a module, however odd the file is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sncompile.api import check
from sncompile.semantics.scripts import notebooks

SPEC = """\
sncompile: 1
pipeline: main
steps:
  one:
    module: {params: {threshold: {type: integer}}, outputs: {o: {type: file}}, notebook: book.ipynb}
    with: {threshold: 5}
"""
PYTHON = {"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}}
TAGGED = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ["threshold = 1\n", "o = None"]}


def book(*cells: Any, about: Any = PYTHON, form: Any = 4) -> str:
    """A notebook as text."""
    return json.dumps({"cells": list(cells), "metadata": about, "nbformat": form, "nbformat_minor": 5})


def code(source: Any) -> dict[str, Any]:
    """A cell without a tag."""
    return {"cell_type": "code", "metadata": {}, "source": source}


def told(folder: Path, text: str | bytes) -> list[str]:
    """The codes of what is told of a notebook."""
    (folder / "spec.yaml").write_text(SPEC)
    (folder / "book.ipynb").write_bytes(text if isinstance(text, bytes) else text.encode())
    return [d.code for d in check(folder / "spec.yaml").diagnostics]


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "null", '"x"', "[" * 100_000, '{"a":' * 100_000, "9" * 10_000, b"\xff", b"\xff\xfe[\0]\0",
        '{"nbformat": 4}', '{"nbformat": 4, "cells": {}}', '{"nbformat": 4, "cells": [1]}', book(TAGGED, form=3),
        book(TAGGED, form=5), book(TAGGED, form="4"), "{'nbformat': 4}",
    ],
)  # fmt: skip
def test_what_is_no_notebook(tmp_path: Path, text: str | bytes) -> None:
    """One error, and no traceback."""
    assert told(tmp_path, text) == ["SN225"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (book(TAGGED), []),
        (book({**TAGGED, "source": "threshold, o = 1, 2"}), []),
        (book({**TAGGED, "source": "from settings import *"}), []),
        (book({**TAGGED, "source": "import threshold, x as o"}), []),
        (book({**TAGGED, "source": "if x:\n  threshold = o = 1"}), []),
        (book({**TAGGED, "source": "threshold == 1\no = 2"}), ["SN227"]),
        (book({**TAGGED, "source": "def broken("}), []),
        (book({**TAGGED, "source": "threshold = (\n  1 %\n  2)\no = 1"}), []),
        (book({**TAGGED, "source": "x = '''\n%y\n'''\nthreshold = o = 1"}), []),
        (book({**TAGGED, "source": "%%capture\nthreshold = 1"}), []),
        (book({**TAGGED, "source": "(" * 10_000}), []),
        (book({**TAGGED, "source": "\0"}), []),
        (book({**TAGGED, "source": "threshold = 1 is 1\no = '\\d'"}), []),
        (book({**TAGGED, "source": None}), []),
        (book({**TAGGED, "cell_type": "markdown", "source": "# Parameters"}), []),
        (book(TAGGED, code("threshold = 3")), ["SN227"]),
        (book(TAGGED, code("a, threshold = 1, 3")), ["SN227"]),
        (book(TAGGED, {**TAGGED, "source": "threshold = 3"}), ["SN227"]),
        (book(TAGGED, code("threshold = float(threshold)")), []),
        (book(TAGGED, code("def f():\n  threshold = 3")), []),
        (book(code("threshold = 0"), TAGGED), []),
        (book(code("threshold = 0")), ["SN226"]),
        (book({**TAGGED, "metadata": {"tags": "parameters"}}), ["SN226"]),
        (book({**TAGGED, "metadata": []}), ["SN226"]),
        (book({**TAGGED, "metadata": {"tags": [["parameters"]]}}), ["SN226"]),
        (book(TAGGED, about={}), ["SN228"]),
        (book(TAGGED, about=[]), ["SN228"]),
        (book(TAGGED, about={"kernelspec": "python3"}), ["SN228"]),
        (book(TAGGED, about={"kernelspec": {"name": "python3", "language": "python"}}), []),
        (book({**TAGGED, "source": "other"}, about={"kernelspec": {"name": "ir", "language": "R"}}), []),
    ],
)
def test_what_is_seen(tmp_path: Path, text: str, codes: list[str]) -> None:
    """Nothing is run, and what cannot be seen is not complained of."""
    assert told(tmp_path, text) == codes


def test_a_large_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is not read at all."""
    monkeypatch.setattr(notebooks, "MAX_BYTES", 100)
    assert told(tmp_path, " " * 101) == ["SN225"]


def test_a_mark_of_the_order_of_bytes(tmp_path: Path) -> None:
    """Some editors write one."""
    assert told(tmp_path, b"\xef\xbb\xbf" + book(TAGGED).encode()) == []

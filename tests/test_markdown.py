"""Markdown for pull requests: it says what the other forms say, and no text of a spec is anything but text in it."""

from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sncompile.diagnostics.text import visible
from sncompile.views.markdown import MOST_LETTERS, plain

from .command_line import in_this_process

ODD = [
    "`",
    "|",
    "<b>",
    "&amp;",
    "*",
    "_",
    "[a](b)",
    "@you",
    "#12",
    "https://x.org",
    "www.x.org",
    "\\",
    "~~",
    "$a$",
    "![",
    "- ",
    "1. ",
    "<!--",
    "\n",
]
HEAD = "| step | jobs | why |\n| --- | --- | --- |\n"

words = st.one_of(st.sampled_from(ODD), st.text(max_size=5))


@given(st.lists(words, max_size=8).map("".join))
def test_text_stays_text(text: str) -> None:
    """In a cell of a table it is one cell, with no tags but those of code, and it reads as it was."""
    page = MarkdownIt("commonmark").enable("table").render(f"| a | b |\n| --- | --- |\n| {plain(text)} | end |\n")
    cells = re.findall(r"<td>(.*?)</td>", page, re.DOTALL)
    assert len(cells) == 2
    found = re.sub(r"</?code>", "`", cells[0])
    assert "<" not in found
    shown = visible(text)
    shown = shown if len(shown) <= MOST_LETTERS else f"{shown[:MOST_LETTERS]} …"
    assert html.unescape(found).replace("\u200b", "").split() == shown.replace("\u200b", "").split()


def test_nobody_is_called_and_nothing_linked() -> None:
    """What sites make of plain words is broken up."""
    assert "@you" not in html.unescape(plain("@you"))
    assert "#12" not in html.unescape(plain("see #12"))
    assert "://x" not in html.unescape(plain("https://x.org"))
    assert "www.x" not in html.unescape(plain("www.x.org"))


def test_a_difference_and_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The totals, a row for each step, and the settings apart."""
    monkeypatch.chdir(tmp_path)
    call = in_this_process(capsys)
    call("init", ".")
    spec = Path("pipeline.yaml")
    Path("other.yaml").write_text(
        spec.read_text().replace("module: tools/growth", "module: tools/growth\n    retries: 2")
    )
    assert "retries 0 → 2" in call("diff", spec, "other.yaml", "--markdown").out
    assert call("diff", spec, spec, "--markdown").out == "**pipeline.yaml → pipeline.yaml**: no difference\n"
    renamed = spec.read_text().replace("  compare:", "  compared:").replace("compare.report", "compared.report")
    Path("other.yaml").write_text(renamed)
    told = call("diff", spec, "other.yaml", "--markdown")
    assert told.code == 1
    head = f"**pipeline.yaml → other.yaml**: 5 jobs: 1 changed, 4 the same\n\n{HEAD}"
    assert told.out.startswith(f"{head}| compared | 1 of 1 | renamed from <code>compare</code><br>")
    planned = call("plan", spec, "--markdown").out
    assert planned == "**plants**, to run: 5 jobs: no run is known to have made any of this\n"
    done = subprocess.run(["sncompile", "run", spec, "-c", "2"], capture_output=True, check=False)
    assert done.returncode == 0
    Path("plants.tsv").write_text(Path("plants.tsv").read_text().replace("sun\t1", "sun\t7"))
    assert call("plan", spec, "--markdown").out.startswith(
        f"**plants**, to run: 2 jobs; 3 are current\n\n{HEAD}| growth | 1 of 4 | 1 not made"
    )

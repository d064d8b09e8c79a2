"""Outputs that are for people to look at (`report`): on the page about a run, and in the report of Snakemake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sncompile.ir.graph.shown import Shown
from sncompile.runner.page import shown
from sncompile.runner.page.links import Links
from sncompile.runner.page.shown import shown_results
from sncompile.targets.snakemake.python_code import flat, string
from sncompile.targets.snakemake.report import _caption_text, reported

LINKS = Links("./", "./", "/", Path())


def facts(*paths: str, jobs: int | None = None) -> dict[str, Any]:
    """Facts of a run with one output."""
    files = [{"labels": {"well": path}, "path": path} for path in paths]
    shown = {"step": "plot", "port": "o", "category": "QC", "caption": "All.", "jobs": jobs or len(paths)}
    return {"shown": [{**shown, "files": files}]}


def test_small_pictures_stand_in_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are named; what is not there is said to be so, and a server is not asked."""
    (tmp_path / "a.png").write_bytes(b"x" * 9)
    (tmp_path / "large.png").write_bytes(b"x" * 99)
    (tmp_path / "a.html").write_bytes(b"<script>")
    monkeypatch.setattr(shown, "_LARGEST", 10)
    (output,) = shown_results(facts("a.png", "large.png", "a.html", "none.png", "s3://b/a.png"), tmp_path, LINKS)["QC"]
    assert [file.picture[:22] for file in output.files] == ["data:image/png;base64,", "", "", "", ""]
    assert [file.link for file in output.files] == ["./a.png", "./large.png", "./a.html", "", ""]
    assert [file.there for file in output.files] == [True, True, True, False, True]


def test_what_is_not_listed_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of what is written down and of further jobs."""
    monkeypatch.setattr(shown, "MOST_FILES", 2)
    (output,) = shown_results(facts("a", "b", "c", jobs=10), tmp_path, LINKS)["QC"]
    assert (len(output.files), output.more) == (2, 8)
    assert shown_results({}, tmp_path, LINKS) == {}


@pytest.mark.parametrize(
    ("caption", "written"),
    [
        ("{{ 1 }} {% x %}", r"\{\{ 1 \}\} \{\% x \%\}"),
        (".. include:: /etc/passwd", r"\.\. include\:\: \/etc\/passwd"),
        ("<b>`x`_ |y|", r"\<b\>\`x\`_ \|y\|"),
        ("a\u202eb", r"a\\u202eb"),
    ],
)
def test_a_caption_is_no_markup_and_no_template(caption: str, written: str) -> None:
    """Snakemake fills it in as a template of Jinja, and then reads it as reStructuredText."""
    assert _caption_text(caption) == written + "\n"


def test_labels_are_the_keys_and_what_is_said() -> None:
    """What is said counts more than a key of that name."""
    code = reported(string("o"), Shown("", "", (("well", "all"),)), "x.rst", {"well": "well", "site": "site_2"})
    assert flat(code) == 'report("o", labels=dict(well="all", site="{site_2}"))'

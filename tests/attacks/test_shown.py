"""What people see of hostile texts: messages on a terminal, pages, and what notebooks show."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

from sncompile import load
from sncompile.api import check
from sncompile.diagnostics.text import TextRenderer
from sncompile.drawing.scripts import script

from ..command_line import sncompile
from .corpus import as_yaml, texts
from .test_surroundings import SPEC


def test_no_text_of_a_spec_steers_a_terminal(tmp_path: Path) -> None:
    """In messages, snippets and names no control character stands as itself."""
    for name, text in texts().items():
        diagnostics = check_text(text, tmp_path)
        shown = TextRenderer({"spec.yaml": f"x: {text}"}).render(diagnostics)
        strange = [c for c in shown if not (c.isprintable() or c in "\n\t\u200b")]
        assert strange == [], name


def test_no_name_of_a_file_steers_a_terminal(tmp_path: Path) -> None:
    """Whether a spec is good or not, what is printed of its name is text."""
    name = "\x1b]0;pwned\x07\x1b[31m.yaml"
    for text in (SPEC, SPEC.replace("steps", "stpes")):
        (tmp_path / name).write_text(text)
        for words in (["check"], ["compile"], ["compile", "--emit", "ir"], ["describe"], ["plan"], ["infer"]):
            done = sncompile(tmp_path, *words, name)
            assert done.returncode in (0, 1), done.stderr
            assert "\x1b" not in done.stdout + done.stderr, words
            assert "\x07" not in done.stdout + done.stderr, words


def check_text(text: str, folder: Path) -> tuple[object, ...]:
    """Diagnostics that hold a hostile text: as a name, a reference and a value."""
    quoted = json.dumps(text)
    document = (
        f"{{sncompile: 1, pipeline: {quoted}, steps: {{s: {{module: {quoted}, by: [{quoted}], {quoted}: {quoted}}}}}}}"
    )
    (folder / "spec.yaml").write_text(document, "utf-8")
    found = check(folder / "spec.yaml").diagnostics
    assert found
    return found


def test_pages_hold_no_markup_of_a_spec(tmp_path: Path) -> None:
    """The drawing of a graph as HTML and SVG shows hostile titles as text."""
    for name, text in texts().items():
        if not name.startswith("html."):
            continue
        (tmp_path / "spec.yaml").write_text(
            f"sncompile: 1\npipeline: main\ntitle: {json.dumps(text)}\n"
            f"tables: {{t: {{key: k, rows: [{{k: {json.dumps(text)}}}]}}}}\n"
            f"steps: {{s: {{module: {{title: {json.dumps(text)}, outputs: {{o: {{type: file}}}}, "
            f'command: [tool, "${{outputs.o}}"]}}, by: [k]}}}}\n'
        )
        for form in ("html", "svg") if shutil.which("dot") else ("mmd",):
            done = sncompile(tmp_path, "graph", "spec.yaml", "-o", f"graph.{form}")
            assert done.returncode == 0, done.stderr
            page = (tmp_path / f"graph.{form}").read_text("utf-8")
            for bad in ("<script>alert", "<img src=x", '" onmouseover="', "--><b>"):
                assert bad not in page, (name, form)


OWN = [script(name) for name in ("graph/graph.js", "report/jobs.js")]
"""The scripts of the page about a run, which its policy names."""


class Tags(HTMLParser):
    """What a page would run: scripts, handlers of events, and links that are code."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.told: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a note of what is code, or would fetch something."""
        self.told += [tag] if tag in ("script", "img", "iframe", "object", "embed", "link", "base") else []
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith(("javascript:", "data:text")):
                self.told.append(f"{tag} {name}={value}")


def test_what_notebooks_and_reports_show_is_no_code(tmp_path: Path) -> None:
    """The page about a run that fails, and every object that a notebook shows, with titles and keys of all kinds."""
    every = [text for name, text in texts().items() if name.split(".")[0] in ("html", "jinja")]
    document = {
        "sncompile": 1, "pipeline": "main", "title": " ".join(every), "description": " ".join(every),
        "tables": {"t": {"key": "k", "rows": [{"k": text} for text in every]}},
        "steps": {"s": {
            "title": every[0], "by": ["k"], "with": {"x": "${k}"},
            "module": {
                "title": every[1], "description": every[2], "params": {"x": {"type": "string"}},
                "outputs": {"o": {"type": "file"}}, "shell": "echo ${params.x} >&2; test -e no\n: ${outputs.o}",
            },
        }},
    }  # fmt: skip
    (tmp_path / "spec.yaml").write_text(as_yaml(document), "utf-8")
    done = sncompile(tmp_path, "run", "spec.yaml", "--cores", "2")
    assert done.returncode == 3, done.stderr
    sncompile(tmp_path, "report")
    (page,) = tmp_path.glob("runs/*/report.html")
    pipeline = load(tmp_path / "spec.yaml")
    shown = [pipeline, pipeline.check(), pipeline.jobs(), pipeline.plan(), pipeline.params]
    for text in (page.read_text("utf-8"), *(thing._repr_html_() for thing in shown)):
        own = text
        for code in OWN:
            own = own.replace(f"<script>{code}</script>", "")
        assert Tags(own.replace('<script type="application/json" id="sn-data">', "<pre>")).told == []
        assert ">49<" not in text

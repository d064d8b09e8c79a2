"""Each language that is emitted has one encoder, and its own parser reads any text back as it was."""

from __future__ import annotations

import ast
import csv
import html
import io
import json
import os
import re
import shlex
import subprocess
import tokenize
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sncompile.api import check, graph_of
from sncompile.drawing.dot import to_dot
from sncompile.drawing.families import family_picture
from sncompile.drawing.mermaid import escaped
from sncompile.ir.values.evaluate import record_text
from sncompile.notebook.html import text as html_text
from sncompile.targets.cwl.render import block, flow, one_line, scalar
from sncompile.targets.snakemake.batching import _ansi
from sncompile.targets.snakemake.commands import literal
from sncompile.targets.snakemake.model import Sidecar
from sncompile.targets.snakemake.python_code import pattern, string
from sncompile.targets.snakemake.reading_back.command_comparison import words_of
from sncompile.targets.snakemake.render import one_line as snakefile_line
from sncompile.targets.snakemake.render import render_sidecar

from ..attacks.corpus import as_yaml
from ..attacks.corpus import texts as attacks
from ..shell.scripts import HOSTILE

EXAMPLES = int(os.environ.get("SNCOMPILE_EXAMPLES", "150"))
_SIGNS = (
    "\"'\\`${}#%&;|<>()[]*?!~=:,-@ \t\n\r\x0b\x0c\x1c\x1d\x1e\x7f\x85\u2028\u2029\ufeff\ufffe\uffff\u200b\u202e\x1b\x01"
)
varied = settings(max_examples=EXAMPLES, deadline=None, derandomize="SNCOMPILE_EXAMPLES" not in os.environ)
TEXTS = sorted(text for text in {*attacks().values(), *HOSTILE} if "\0" not in text)
ANY = st.one_of(
    st.sampled_from(TEXTS),
    st.text(st.one_of(st.sampled_from(_SIGNS), st.characters(codec="utf-8", exclude_characters="\0")), max_size=30),
)
"""Any text that a value may be: NUL is refused where it comes from."""

ANY_NAME = st.text(st.one_of(st.sampled_from(_SIGNS), st.characters(exclude_characters="\0")), max_size=30)
"""As `ANY`, with halves of pairs: how Python has the bytes of names that are no UTF-8."""


@varied
@given(ANY_NAME)
def test_python(text: str) -> None:
    """A string of a Snakefile is one token on one line."""
    for code in (string(text).text, pattern(text).text):
        assert ast.literal_eval(code) == text
        assert len(code.splitlines()) == 1
    tokens = list(tokenize.generate_tokens(io.StringIO(f"x = {string(ascii(text)).text}\n").readline))
    assert [tokenize.tok_name[token.type] for token in tokens[:3]] == ["NAME", "OP", "STRING"]


@varied
@given(st.one_of(ANY, st.text(" \t\v\x1f\xa0ab./'\\\"#$*~-", max_size=8)))
def test_words_are_those_of_a_shell(line: str) -> None:
    try:
        words = shlex.split(line)
    except ValueError:
        assert words_of(line) is None
    else:
        assert words_of(line) == words


@varied
@given(ANY)
def test_snakemake_formats_a_literal_to_itself(text: str) -> None:
    """What stands in `shell:` is formatted once."""
    assert literal(text).format() == text


@varied
@given(ANY)
def test_comments(text: str) -> None:
    """A comment of Python and of YAML ends with its line."""
    for line in (one_line(text), snakefile_line(text)):
        tokens = list(tokenize.generate_tokens(io.StringIO(f"# {line}\nx\n").readline))
        assert [token.string for token in tokens if token.type == tokenize.NAME] == ["x"]
        assert yaml.safe_load(f"# {line}\n- x\n") == ["x"]
        assert len(f"# {line}".splitlines()) == 1


@varied
@given(st.lists(st.lists(ANY, min_size=2, max_size=2), max_size=4))
def test_sidecars(rows: list[list[str]]) -> None:
    """Cells of a table, as the Snakefile reads them."""
    text = render_sidecar(Sidecar("t", "T", ("a",), ("a", "b"), tuple(map(tuple, rows))))
    file = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", newline="")
    assert list(csv.reader(file, delimiter="\t")) == [["a", "b"], *rows]


@varied
@given(ANY)
def test_cwl(text: str) -> None:
    """Both versions of YAML read a text as it was: alone, in lists, as a name, as a block."""
    document = f"a: {scalar(text)}\nb: {flow(text)}\nc: {flow([text, {'k': text}])}\nd: {block(text, 2)}\n"
    for load in (yaml.safe_load, YAML(typ="safe", pure=True).load):
        assert load(document) == {"a": text, "b": text, "c": [text, {"k": text}], "d": text}


MEMBER = st.one_of(ANY, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans())


def _as_json() -> Callable[..., str]:
    """The function of a Snakefile that makes the argument of functions and notebooks."""
    header = (Path(__file__).parents[1] / "golden/snakemake/kinds/Snakefile").read_text()
    names: dict[str, Any] = {"json": json, "re": re}
    python = re.split(r"^(?:envvars|wildcard_constraints|rule .*):$", header, maxsplit=1, flags=re.MULTILINE)[0]
    functions = [node for node in ast.parse(python).body if isinstance(node, ast.FunctionDef)]
    code = ast.Module([node for node in functions if node.name in ("as_json", "json_value")], [])
    exec(compile(code, "Snakefile", "exec"), names)
    made: Callable[..., str] = names["as_json"]
    return made


AS_JSON = _as_json()


@varied
@given(st.dictionaries(st.sampled_from("abc"), st.one_of(MEMBER, st.none(), st.lists(MEMBER, max_size=3))))
def test_records(members: dict[str, Any]) -> None:
    """A function and a notebook get the same values, from the compiler's text as from the Snakefile's."""
    text = record_text({name: tuple(v) if isinstance(v, list) else v for name, v in members.items()})
    assert AS_JSON(**members) == text
    there = {name: value for name, value in members.items() if value is not None}
    for load in (json.loads, yaml.safe_load):
        assert repr(load(text)) == repr(there)


@varied
@given(ANY)
def test_html(text: str) -> None:
    """A text of a page is text, and holds no tag."""

    class Reader(HTMLParser):
        found = ""
        tags = 0

        def handle_data(self, data: str) -> None:
            self.found += data

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.tags += 1

    reader = Reader()
    reader.feed(f"<p title='{html_text(text)}'>{html_text(text)}</p>")
    reader.close()
    assert reader.tags == 1
    assert "<" not in html_text(text)
    if text.isprintable():
        assert reader.found == text


@varied
@given(ANY)
def test_mermaid(text: str) -> None:
    """A label is read back from its entities, and stays on its line."""
    shown = escaped(text)
    assert not set(shown) & set("\"'`<>[]{}|&;\\\n\r\u2028") - {";"}
    assert html.unescape(re.sub(r"#(\d+);", lambda m: chr(int(m[1])), shown)) == html.unescape(text)


def test_bash() -> None:
    """Words in both kinds of quotes that are emitted, as a real bash has them."""
    words = sorted({*TEXTS, *(chr(n) + "f" for n in range(1, 256)), "\udcff\udc80a"})
    script = "".join(f"printf '%s\\0' {_ansi(word)} {shlex.quote(word)}\n" for word in words)
    done = subprocess.run(["bash"], input=script.encode("utf-8", "surrogateescape"), capture_output=True, check=True)
    found = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    assert found == [word for word in words for _ in range(2)]
    # Who reads it as text takes a return for the end of a line.
    assert not any(set(_ansi(word)) & {"\n", "\r"} for word in words)


def test_pictures(tmp_path: Path) -> None:
    """Titles in DOT: no text leaves its quotes or its label, whose markup is well-formed."""
    titles = [as_yaml(text) for text in TEXTS if len(text) < 200]
    steps = "".join(f"  s{n}: {{title: {title}, module: {{command: [x]}}}}\n" for n, title in enumerate(titles))
    (tmp_path / "spec.yaml").write_text(f"sncompile: 1\npipeline: p\nsteps:\n{steps}")
    dot = to_dot(family_picture(graph_of(check(tmp_path / "spec.yaml").require())))
    labels = re.findall(r"label=<(<TABLE.*?</TABLE>)>", dot)
    assert len(labels) == len(titles)
    for label in labels:
        ElementTree.fromstring(label)
    outside = re.sub(r"label=<<TABLE.*?</TABLE>>", "", dot)
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', outside, flags=re.DOTALL)
    assert set(re.sub(r"[\w\s=.,;\[\]{}>()+-]", "", outside)) <= {'"'}

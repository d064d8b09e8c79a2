"""YAML 1.2 is read whole: what specs may hold, by either parser, with the same places."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml.error import MarkedYAMLError

from sncompile.diagnostics import Diagnostic
from sncompile.syntax.composer import Composer
from sncompile.syntax.nodes import Node, to_plain
from sncompile.syntax.source import Source, decode
from sncompile.syntax.yaml import YamlError, parse_yaml
from sncompile.syntax.yaml12.block import events_of

ROOT = Path(__file__).parent.parent


def source(text: str) -> Source:
    """A document of a text, as one that was read."""
    found = decode("x.yaml", None, text.encode())
    assert isinstance(found, Source), found
    return found


def read(text: str) -> Any:
    """What a document holds, as plain data."""
    node, faults = parse_yaml(source(text))
    assert not faults
    return to_plain(node)


def whole(text: str) -> Any:
    """What our own parser makes of a document, as plain data."""
    return to_plain(Composer(source(text)).compose(events_of(text)))


def quick(text: str) -> tuple[Node, list[Diagnostic], set[int]] | None:
    """What the C parser makes of a document, with every place; None where it refuses it."""
    cyaml = pytest.importorskip("ruamel.yaml.cyaml", reason="the C parser is an optional wheel")
    composer = Composer(source(text))
    try:
        node = composer.compose(iter(cyaml.CParser(text).get_event, None))
    except (MarkedYAMLError, YamlError):
        return None
    return node, composer.faults, composer.continued_lines()


WHOLE = [
    # Plain scalars: signs that mean something only beside white space.
    ("container: {image: debian:12}", {"container": {"image": "debian:12"}}),
    ("[http://x/y, a:b, 12:30, x::y]", ["http://x/y", "a:b", "12:30", "x::y"]),
    ("{t: 12:30, a: b:c, u: http://h:1/?q=1}", {"t": "12:30", "a": "b:c", "u": "http://h:1/?q=1"}),
    ("{a: x#y, b: '#'}", {"a": "x#y", "b": "#"}),
    ("a: x#y # a comment\nb: c", {"a": "x#y", "b": "c"}),
    ("[-a, ?b, :c, -1, a-b, a?]", ["-a", "?b", ":c", -1, "a-b", "a?"]),
    ("[?x, {?y: 1}]", ["?x", {"?y": 1}]),
    ("{type: file?, other: file[]}", None),
    ("{type: file?}", {"type": "file?"}),
    ("a: b]c}d,e", {"a": "b]c}d,e"}),
    ("a: - b", None),
    ("a: b: c", None),
    ("a: `b`", None),
    ("a: @b", None),
    ("a: %b", None),
    ("%a: b", None),
    ("a: |b", None),
    # Scalars of several lines.
    ("a: b\n  c\n\n  d", {"a": "b c\nd"}),
    ("[a\n b, c]", ["a b", "c"]),
    ("a: 'b\n\n  it''s'", {"a": "b\nit's"}),
    ('a: "b\\\n  c\\n\\\n\n  d"', {"a": "bc\n\nd"}),
    ("a: |\n  b\n   c\n\n  d\n", {"a": "b\n c\n\nd\n"}),
    ("a: |-\n  b\n\nc: |+\n  d\n\n", {"a": "b", "c": "d\n\n"}),
    ("a: >\n  b\n  c\n\n  d\n   e\n  f\n", {"a": "b c\nd\n e\nf\n"}),
    ("a: |2-\n   b\n  c", {"a": " b\nc"}),
    ("a: |1\n b", {"a": "b"}),
    ("a: >-\n\n  b\n", {"a": "\nb"}),
    ("- |\n a\n- b", ["a\n", "b"]),
    ("- |\n a\n   ", ["a\n  \n"]),
    ("a: |\nb: c", {"a": "", "b": "c"}),
    ("--- |\na: b\n", "a: b\n"),
    ("a: |\n   \n  b\n", None),
    ("a: > # a comment\n  b", {"a": "b"}),
    # Quoted ones.
    (r'"\ud83e\uddec \u00e9 \U0001f9ec \x41 \/ \t"', "🧬 é 🧬 A / \t"),
    (r'"\ud83e"', None),
    (r'"\uddec\ud83e"', None),
    (r'"\q"', None),
    (r'"\x4"', None),
    ('{"a":1,"b":[true,null],"c":{}}', {"a": 1, "b": [True, None], "c": {}}),
    ("{\"a\" : 1, 'b': 2, c: 3}", {"a": 1, "b": 2, "c": 3}),
    ('["a":1]', [{"a": 1}]),
    ('{"a"\n:1}', {"a": 1}),
    ("{a, b: , : c}", {"a": None, "b": None, "": "c"}),
    ('a: "b" c', None),
    ('a: "b', None),
    # Collections.
    ("- - a\n  - b\n-\n  - c\n- ", [["a", "b"], ["c"], None]),
    ("a:\n- b\n- c\nd: e", {"a": ["b", "c"], "d": "e"}),
    ("a:\n  - b: c\n    d: e\n  -\n    f: g", {"a": [{"b": "c", "d": "e"}, {"f": "g"}]}),
    ("? a\n: b\n? c\n: - d\n  - e\n? |\n  f\n: g", {"a": "b", "c": ["d", "e"], "f\n": "g"}),
    ("[? a : b, c: d, : e, ? f]", [{"a": "b"}, {"c": "d"}, {"": "e"}, {"f": None}]),
    ("{? a : b, ? c}", {"a": "b", "c": None}),
    ("a: [\n  b,\n  c, # last\n]\nd: {\n e: f\n}", {"a": ["b", "c"], "d": {"e": "f"}}),
    ('{\n\t"a": [\n\t\t1\n\t]\n}', {"a": [1]}),
    ("a:\tb\nc:\t- d", None),
    ("a:\tb\t# c\nd:\t[e,\tf]", {"a": "b", "d": ["e", "f"]}),
    ("a:\n\tb", None),
    ("[a, b", None),
    ("[a, , b]", None),
    ("{a: b]", None),
    ("[a]]", None),
    ("[a,b]: c", None),
    ("a:\n  b: c\n d: e", None),
    ("a: b\n  c: d", None),
    ("- a\nb: c", None),
    ("a\nb: c", None),
    # Anchors and aliases.
    ("a: &x b\nc: *x\n*x : d", {"a": "b", "c": "b", "b": "d"}),
    ("a: &x\n  b: c\nd: *x", {"a": {"b": "c"}, "d": {"b": "c"}}),
    ("- &x a\n- &y [b]\n- [*x , *y]", ["a", ["b"], ["a", ["b"]]]),
    ("&a b: &c\nd: *a", {"b": None, "d": "b"}),
    ("a: &x:y b\nc: *x:y", {"a": "b", "c": "b"}),
    ("a: *x", None),
    ("a: &x &y b", None),
    # Documents.
    ("%YAML 1.2\n---\na: b\n...\n", {"a": "b"}),
    ("# c\n\n--- # d\na: b # e\n# f", {"a": "b"}),
    ("--- a\n...\n# c\n", "a"),
    ("a: b\n---\nc: d", None),
    ("", None),
    ("# nothing", None),
    ("a: b\n... c", None),
]


@pytest.mark.parametrize(("text", "held"), WHOLE)
def test_yaml_is_read_whole(text: str, held: Any) -> None:
    """Every form is read as YAML 1.2 has it, and what is none is refused (None) at a place in the text."""
    if held is not None:
        assert read(text) == held
        assert whole(text) == held
        return
    try:
        node, faults = parse_yaml(source(text))
    except YamlError as error:
        faults = [error.diagnostic]
    assert faults, to_plain(node)
    for fault in faults:
        assert fault.span is not None
        assert 1 <= fault.span.line <= text.count("\n") + 1
        assert fault.help


def documents() -> list[str]:
    """Every YAML document of the project, and those that its pages show."""
    places = [p for folder in ("specs", "tests", "docs", "compiler") for p in (ROOT / folder).rglob("*.y*ml")]
    found = [path.read_text("utf-8", "replace") for path in places]
    for page in [*(ROOT / "tests" / "cases").rglob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        found += re.findall(r"^```ya?ml[^\n]*\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return found


def same_by_both(text: str) -> bool:
    """Whether both parsers take a document; where they do, they must agree in every place."""
    if not isinstance(decode("x.yaml", None, text.encode()), Source):
        return False
    expected = quick(text)
    if expected is None:
        return False
    composer = Composer(source(text))
    assert (composer.compose(events_of(text)), composer.faults, composer.continued_lines()) == expected
    return True


def test_both_parsers_agree_on_documents() -> None:
    """Nodes and their places do not hang on which parser read them."""
    assert sum(map(same_by_both, documents())) > 100


WORDS = st.sampled_from(["a", "b c", "it's", "1.10", "-1", "x y z", "é", "true", "", "~", "a-b", "c#d"])


@st.composite
def styled(draw: st.DrawFn, indent: int = 0, depth: int = 0) -> str:
    """A node as it stands after `- ` or `key:`, in any style."""
    pad = "\n" + " " * (indent + 2)
    kinds = ["plain", "single", "double", "literal", "folded", "flow", "empty"]
    kind = draw(st.sampled_from(kinds if depth > 3 else [*kinds, "sequence", "mapping", "sequence", "mapping"]))
    word = draw(WORDS)
    comment = draw(st.sampled_from(["", "", "  # note", pad + "# note", "\n\n"]))
    if kind == "sequence":
        items = draw(st.lists(styled(indent + 2, depth + 1), min_size=1, max_size=3))
        return comment + "".join(f"{pad}- {item}" for item in items)
    if kind == "mapping":
        items = draw(st.lists(styled(indent + 2, depth + 1), min_size=1, max_size=3))
        quote = draw(st.sampled_from(["", "'", '"']))
        return comment + "".join(f"{pad}{quote}k{n}{quote}: {item}" for n, item in enumerate(items))
    anchor = draw(st.sampled_from(["", "", "&x "]))
    if kind == "single":
        return anchor + "'" + word.replace("'", "''") + draw(st.sampled_from(["", f"{pad}more", f"\n{pad}more"])) + "'"
    if kind == "double":
        return anchor + '"' + word + draw(st.sampled_from(["", "\\n", f"{pad}more", f"\\{pad}more"])) + '"'
    if kind in ("literal", "folded"):
        sign = ("|" if kind == "literal" else ">") + draw(st.sampled_from(["", "-", "+"]))
        lines = draw(st.lists(st.sampled_from(["a", "b c", " d", "", "e:  f"]), min_size=1, max_size=4))
        return anchor + sign + pad + "x" + "".join(pad + line if line else "\n" for line in lines)
    if kind == "flow":
        inner = draw(st.sampled_from(["[a, 'b', {c: d}]", '{a: [1, 2], "b": c}', "[]", "{}", f"[a,{pad}b]", "[a: b]"]))
        return anchor + inner
    if kind == "plain" and word not in ("", "~"):
        return anchor + word + draw(st.sampled_from(["", f"{pad}more words", "  # note"]))
    return anchor


@given(styled())
def test_both_parsers_agree(text: str) -> None:
    """Documents of any style come out alike, place by place, from both parsers."""
    assume(same_by_both("top:" + " " * (not text.startswith("\n")) + text + "\n"))


PLAIN_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.dictionaries(st.text(), PLAIN_DATA), st.booleans(), st.sampled_from([None, 2, "\t"]))
def test_json_is_yaml(data: dict[str, Any], ascii_only: bool, indent: int | str | None) -> None:
    """Whatever `json.dumps` writes is read as what it was."""
    text = json.dumps(data, ensure_ascii=ascii_only, indent=indent)
    assume(isinstance(decode("x.json", None, text.encode("utf-8", "surrogatepass")), Source))
    assume("\\u0000" not in text and '"<<"' not in text)
    assert read(text) == data


def test_limits_hold_for_the_slow_parser() -> None:
    """What the C parser refuses is held to the same limits of depth, nodes and aliases."""
    odd = "- [a:b]\n"
    for text, code in (
        (odd + "- " + "[" * 70 + "]" * 70, "SN008"),
        (odd + "- " + "[" * 5000 + "]" * 5000, "SN008"),
        (odd + "- &a [" + "x," * 400 + "]\n" + "- [" + "*a , " * 300 + "]", "SN010"),
    ):
        with pytest.raises(YamlError) as refused:
            parse_yaml(source(text))
        assert refused.value.diagnostic.code == code

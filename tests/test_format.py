"""One style for specs: what it changes, and that it never changes what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sncompile.diagnostics import Diagnostic
from sncompile.syntax.formatting import format_text
from sncompile.syntax.formatting.format import _meaning, _same
from sncompile.syntax.formatting.layout import read_layout
from sncompile.syntax.formatting.lines import relaid
from sncompile.syntax.nodes import Node, to_plain
from sncompile.syntax.source import Source, decode
from sncompile.syntax.yaml import YamlError, parse_yaml, read_events

from .command_line import Run, in_this_process

ROOT = Path(__file__).parent.parent
SPECS = sorted((ROOT / "specs").rglob("*.yaml"))
CORPUS = sorted((ROOT / "tests" / "fuzz" / "corpus").iterdir())

MESSY = """\
# about the whole


sncompile:   1  \x20
pipeline: 'messy'   # so
tables:
    t:   # a table
        key: [ a,b , "c" ]
        rows:
        - {a: 1,   b: 2, c : x}
        # about the second
        -   {"a": '2', b: "true", c: "x y"}


        -   a: 3
            b: 'it''s'
            c: "q\\"z"
steps:

      one:
            # in one
            module:
              shell: |
                 echo  "x"  \x20
                   deeper

                 done
              # after the script
              outputs: {o:
                 {type: 'file[]'}, p: {
                      type: file,  # in brackets
                 path: "a/b"},
                    }
            by: [ ]
            with: { }


      two: &two
            module: x
            args:
            - - a
              -   b
            - several lines
              of text
            -  "quoted
                   over lines"
            - >-

                folded
                text
      # about three
      three:
            <<: *two
            k: |+
              keep


outputs: {}
# the end
"""

NEAT = """\
# about the whole

sncompile: 1
pipeline: messy     # so
tables:
  t:     # a table
    key: [a, b, c]
    rows:
      - {a: 1, b: 2, c: x}
      # about the second
      - {a: "2", b: "true", c: "x y"}

      - a: 3
        b: "it's"
        c: "q\\"z"
steps:
  one:
    # in one
    module:
      shell: |
        echo  "x"  \x20
          deeper

        done
      # after the script
      outputs: {o:
        {type: "file[]"}, p: {
          type: file,              # in brackets
          path: a/b},
      }
    by: []
    with: {}

  two: &two
    module: x
    args:
      - - a
        - b
      - several lines
        of text
      - "quoted
        over lines"
      - >-

        folded
        text
  # about three
  three:
    <<: *two
    k: |+
      keep


outputs: {}
# the end
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""
    return in_this_process(capsys)


def loaded(text: str) -> tuple[object, list[str]] | str:
    """What a text says to the compiler, with the text of each scalar; or what is wrong with it."""
    source = decode("f", None, text.encode("utf-8", "surrogatepass"))
    if isinstance(source, Diagnostic):
        return source.code
    try:
        node, found = parse_yaml(source)
    except YamlError as error:
        return error.diagnostic.code
    return (to_plain(node), texts(node)), [d.code for d in found]


def texts(node: Node) -> list[str]:
    """The texts of all scalars."""
    if hasattr(node, "text"):
        return [node.text]
    inner = node.items if not hasattr(node, "entries") else [n for entry in node.entries for n in entry]
    return [text for each in inner for text in texts(each)]


def holds(text: str) -> None:
    """What is said stays, comments stay, and a second time changes nothing."""
    found = format_text("f", text)
    if isinstance(found, Diagnostic):
        return
    assert loaded(found) == loaded(text)
    assert format_text("f", found) == found
    assert "\r" not in found


def test_the_style() -> None:
    """All of it on one page: indents, brackets, quotes, blank lines; comments as they were."""
    assert format_text("f", MESSY) == NEAT
    assert format_text("f", NEAT) == NEAT


@pytest.mark.parametrize(
    ("text", "neat"),
    [
        ("c:\n- x\n# mid\n- y\n    # deeper\n# end\n", "c:\n  - x\n  # mid\n  - y\n  # deeper\n# end\n"),
        ("c:\n  - x\n  # of the list\n# end\n", "c:\n  - x\n  # of the list\n# end\n"),
        ("c:\n- x\n# - y\n# end\n", "c:\n  - x\n  # - y\n# end\n"),
        ("p:\n    # a: 1\nq:\n    r:   # s\n        # t\n", "p:\n  # a: 1\nq:\n  r:     # s\n    # t\n"),
        ("a:\n    b: 1\n      # of b\nc: 2\n  # of c\n", "a:\n  b: 1\n  # of b\nc: 2\n# of c\n"),
        ("a:\n   # of b\n  b: 1\n", "a:\n  # of b\n  b: 1\n"),
    ],
)
def test_comments_stand_with_what_they_are_about(text: str, neat: str) -> None:
    assert format_text("f", text) == neat
    assert format_text("f", neat) == neat


def test_a_comma_stands_behind_its_item_at_the_end_of_a_line_too() -> None:
    assert format_text("f", "a: [\n  b   ,   # c , d\n  'e f' ,\n g\n]\n") == (
        'a: [\n  b,      # c , d\n  "e f",\n  g\n]\n'
    )


def test_json_stays_json() -> None:
    """Without its quotes nothing but a reader of YAML would take it any more."""
    text = '{\n\t"sncompile": 1,\n\t"module": "m"\n}'
    assert format_text("spec.json", text) == text
    assert format_text("spec.yaml", text) == "{\n  sncompile: 1,\n  module: m\n}\n"


@pytest.mark.parametrize("path", SPECS, ids=lambda path: str(path.relative_to(ROOT / "specs")))
def test_specs_keep_what_they_say(path: Path) -> None:
    """Every spec of ours, whose new lines are taken and not refused."""
    text = path.read_text("utf-8")
    holds(text)
    layout = read_layout(text, read_events(Source("f", None, text)))
    assert _same(layout, relaid(layout)) is not None


def test_whatever_was_found_by_fuzzing_keeps_what_it_says() -> None:
    """Also what is hardly YAML, and what is none."""
    for path in CORPUS:
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        holds(text)


_PIECES = st.sampled_from(
    ["a", "b:", "- ", "  ", "\n", "\n  ", ": ", "{", "}", "[", "]", ", ", "'x'", '"y z"', "# c", " # d", "|\n", ">-\n",
     "|2\n", "&a ", "*a", "<<: ", "? ", "---\n", "...\n", "!t ", "1", "no", "''", '"', "\t", "\\", "é", "${x.y}", "~"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_any_text_keeps_what_it_says(text: str) -> None:
    """Pieces of YAML in any order."""
    holds(text)


def test_what_would_change_the_document_is_refused() -> None:
    """The look at what came of it is no decoration: another value, another kind, a comment that is gone."""
    layout = read_layout("a: 1  # c\n", read_events(Source("f", None, "a: 1  # c\n")))
    assert _same(layout, "a:   1 # c\n") is not None
    for other in ('a: "1"  # c\n', "a: 2  # c\n", "a: 1\n", "a: 1  # d\n", "b: 1  # c\n", "a: [\n"):
        assert _same(layout, other) is None
    assert _meaning(layout)[1] == ["# c"]


def test_files_and_folders(run: Run, tmp_path: Path) -> None:
    """`--check` and `--diff` write nothing; a folder stands for its specs, and other YAML is left alone."""
    spec, other = tmp_path / "a" / "spec.yaml", tmp_path / "a" / "env.yml"
    spec.parent.mkdir()
    spec.write_bytes(b"\xef\xbb\xbf" + MESSY.replace("\n", "\r\n").encode())
    other.write_text("a:   1\n")
    kept = spec.read_bytes()
    assert (run("fmt", "--check", str(tmp_path)).code, spec.read_bytes()) == (1, kept)
    shown = run("fmt", "--diff", str(tmp_path))
    assert shown.code == 1
    assert "+pipeline: messy     # so\n" in shown.out
    assert spec.read_bytes() == kept
    assert run("fmt", str(tmp_path)).code == 0
    assert spec.read_text("utf-8") == NEAT
    assert other.read_text() == "a:   1\n"
    assert run("fmt", "--check", str(tmp_path)).code == 0
    assert run("fmt", str(other)).code == 0
    assert other.read_text() == "a: 1\n"


def test_what_is_no_yaml_is_told_and_left_alone(run: Run, tmp_path: Path) -> None:
    """The others are laid out all the same."""
    bad, good = tmp_path / "bad.yaml", tmp_path / "good.yaml"
    bad.write_text("a: [1\n")
    good.write_text("a:   1\n")
    told = run("fmt", str(bad), str(good))
    assert told.code == 1
    assert "SN005" in told.err
    assert (bad.read_text(), good.read_text()) == ("a: [1\n", "a: 1\n")

"""Answers of the language server that are asked for in this process: places, names, and changes of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sncompile.diagnostics import Diagnostic
from sncompile.ir.language.functions import FUNCTIONS as KNOWN
from sncompile.lsp import completion, hover, navigation, outcome, rename
from sncompile.lsp.functions import FUNCTIONS
from sncompile.lsp.place import Role, place_at
from sncompile.lsp.readings import Opened, Readings, Snapshot, documents_below
from sncompile.lsp.schemas import keys_at, values_at
from sncompile.lsp.texts import Text
from sncompile.lsp.tokens import cursor_in
from sncompile.semantics.program import Options

PIPELINE = """\
sncompile: 1
pipeline: control
data: {workspace: results}
params:
  depth: {type: integer, default: 3}
tables:
  samples:
    key: [sample]
    rows:
      - {sample: a, control: b, reads: a.fastq}
      - {sample: b, control: b, reads: b.fastq}
modules: {tools: .}
steps:
  align:
    module: tools/align
    by: [sample]
    with: {reads: "${samples.reads}", depth: "${params.depth}"}
  call:
    module: tools/call
    by: [sample]
    with:
      bam: "${align.bam}"
      control: "${lookup(align.bam, sample=samples.control)}"
outputs: {calls: "${call.calls}"}
"""
ALIGN = """\
sncompile: 1
module: align
inputs: {reads: {type: file}}
outputs: {bam: {type: file, format: bam}}
params: {depth: {type: integer}}
command: [align, "${inputs.reads}", "${params.depth}", "${outputs.bam}"]
"""
CALL = """\
sncompile: 1
module: call
inputs: {bam: {type: file, format: bam}, control: {type: file, format: bam}}
outputs: {calls: {type: file}}
command: [call, "${inputs.bam}", "${inputs.control}", "${outputs.calls}"]
"""


class Desk:
    """Documents in a folder, as an editor has them open."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.readings = folder, Readings()
        self.texts: dict[Path, str] = {}

    def write(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text)
        return self.folder / name

    def snapshot(self, name: str) -> Snapshot:
        found = self.readings.snapshot(self.folder / name, Opened(self.texts))
        assert found is not None
        return found

    def outcome(self, name: str, texts: Mapping[Path, str] | None = None) -> outcome.Outcome:
        path = self.folder / name
        opened = Opened({**self.texts, **(texts or {})})
        text = opened.texts.get(path, path.read_text() if path.exists() else "")
        return outcome.check(path, text, opened, Options(invoked_from=self.folder))

    def at(self, name: str, mark: str, offset: int = 0) -> tuple[int, int]:
        text = self.texts.get(self.folder / name) or (self.folder / name).read_text()
        before = text[: text.index(mark) + offset]
        return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1

    def rename(self, name: str, mark: str, offset: int, new: str) -> dict[str, str]:
        """The texts of the documents that change, after it."""
        snapshot = self.snapshot(name)
        others = [self.snapshot(p.name) for p in documents_below(self.folder, {}) if p.name != name]
        found = rename.renamable(snapshot, *self.at(name, mark, offset))

        def check(path: Path, texts: Mapping[Path, str]) -> Sequence[Diagnostic]:
            return self.outcome(path.name, texts).checked.diagnostics

        changes = rename.renamed(snapshot, others, self.outcome(name), found, new, check)
        paths = dict.fromkeys(change.path for change in changes)
        return {p.name: rename.applied(p.read_text(), [c for c in changes if c.path == p]) for p in paths}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / ".git").mkdir()
    found = Desk(tmp_path.resolve())
    for name, text in (("main.yaml", PIPELINE), ("align.yaml", ALIGN), ("call.yaml", CALL)):
        found.write(name, text)
    for name in ("a.fastq", "b.fastq"):
        found.write(name, "")
    assert found.outcome("main.yaml").checked.diagnostics == ()
    return found


@pytest.mark.parametrize(
    ("text", "path", "role", "word"),
    [
        ("steps:\n  a:\n    mod|", ("steps", "a"), Role.KEY, "mod"),
        ("steps:\n  a:\n    module: to|ols", ("steps", "a", "module"), Role.VALUE, "to"),
        ("steps:\n  a:\n    by:\n    - x\n    - y|", ("steps", "a", "by", 0), Role.KEY, "y"),
        ("steps:\n  a:\n    by: [x, y|]", ("steps", "a", "by", 0), Role.VALUE, "y"),
        ("steps: {a: {mo|", ("steps", "a"), Role.KEY, "mo"),
        ("inputs: {a: {type: file},\n         b: {ty|", ("inputs", "b"), Role.KEY, "ty"),
        ("moved:\n  - from: a\n    t|", ("moved", 0), Role.KEY, "t"),
        ("# steps: |", (), Role.NOTHING, ""),
        ("a: 'it''s' # x|", (), Role.NOTHING, ""),
        ("shell: |-\n  cat |x", ("shell",), Role.TEXT, ""),
        ("sncompile: 1\n|", (), Role.KEY, ""),
        ('{"steps": {"a": {"mo|', ("steps", "a"), Role.KEY, "mo"),
        ("outputs:\n\n\n  a:\n      # words\n    ty|", ("outputs", "a"), Role.KEY, "ty"),
    ],
)
def test_where_a_cursor_is(text: str, path: tuple[object, ...], role: Role, word: str) -> None:
    at = text.rindex("|")
    before = text[:at]
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    place = place_at(Text(before + text[at + 1 :]), line, column)
    assert (place.path, place.role, place.word) == (path, role, word)


@pytest.mark.parametrize(
    ("expression", "chain", "word", "call"),
    [
        ("", (), "", ""), ("al", (), "al", ""), ("align.", ("align",), "", ""),
        ("params.ref.s", ("params", "ref"), "s", ""),
        ("a + b.c", ("b",), "c", ""), ("lookup(align.bam, s", (), "s", "lookup"),
        ("keys(align).", ("keys", "()"), "", ""),
        ("len(x) + ", (), "", ""), ("x if a.b else c", (), "c", ""), ("f(g(x), ", (), "", "f"),
    ],
)  # fmt: skip
def test_where_a_cursor_is_in_an_expression(expression: str, chain: tuple[str, ...], word: str, call: str) -> None:
    found = cursor_in(expression)
    assert (found.chain, found.word, found.call, found.mute) == (chain, word, call, False)


@pytest.mark.parametrize("expression", ["'te", 'replace(x, "', "12", "'a'"])
def test_nothing_is_offered_in_texts_and_numbers(expression: str) -> None:
    assert cursor_in(expression).mute


def test_every_function_is_told_of() -> None:
    assert set(FUNCTIONS) == {name for name in KNOWN if name.isalpha()} | {"lookup", "file", "list_file", "keys"}


def test_the_schemas_give_keys_and_values_of_every_place() -> None:
    assert "module" in [key.name for key in keys_at("pipeline", ("steps", "a"))]
    assert "command" in [key.name for key in keys_at("pipeline", ("steps", "a", "module"))]
    assert "file[]" in values_at("pipeline", ("steps", "a", "module", "inputs", "x", "type"))
    assert values_at("module", ("params", "x", "type"))[:2] == ["string", "string?"]
    assert values_at("module", ("outputs", "x", "type"))[:2] == ["file", "file?"]
    assert values_at("module", ("scratch",)) == ["true", "false"]
    assert keys_at("pipeline", ("no", "such", 3)) == []


def test_a_port_is_offered_what_shares_its_format_first(desk: Desk) -> None:
    snapshot = desk.snapshot("main.yaml")
    line, column = desk.at("main.yaml", 'bam: "${align.bam}"', 5)
    text = Text(PIPELINE.replace('bam: "${align.bam}"', "bam: "))
    found = completion.complete(snapshot, desk.outcome("main.yaml"), text, line, column)
    assert [item.label for item in found][:2] == ["${align.bam}", "${samples.control}"]


def test_files_are_offered_in_file_as_a_whole(desk: Desk) -> None:
    """What is written already is replaced, also where it has signs at which words end."""
    desk.write("draw-it.py", "")
    text, line, column = _typed(ALIGN.replace("align, ", "\"${file('draw-|')}\", ", 1))
    found = completion.complete(desk.snapshot("align.yaml"), None, text, line, column)
    (item,) = [each for each in found if each.label == "draw-it.py"]
    assert text.line(line)[item.span.column - 1 : column - 1] == "draw-"


def test_the_files_of_a_glob_have_no_other_name(desk: Desk) -> None:
    """An editor is told before it asks for a new name."""
    desk.write("main.yaml", PIPELINE.replace("  samples:", '  found: {glob: "{well}.tif", key: well}\n  samples:', 1))
    desk.write("main.yaml", (desk.folder / "main.yaml").read_text().replace("${samples.reads}", "${found.path}"))
    with pytest.raises(rename.CannotRename, match="no other name"):
        rename.renamable(desk.snapshot("main.yaml"), *desk.at("main.yaml", "found.path", 7))


def test_keywords_of_a_look_up_are_keys(desk: Desk) -> None:
    text = Text(PIPELINE.replace("sample=samples.control)}", ""))
    line, column = desk.at("main.yaml", "sample=samples")
    found = completion.complete(desk.snapshot("main.yaml"), None, text, line, column)
    assert found[0].label == "sample="


def _typed(text: str) -> tuple[Text, int, int]:
    """A text with a cursor at the sign `|`, and the line and column of that."""
    before, after = text.split("|")
    return Text(before + after), before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


NEAR = """\
sncompile: 1
module: near
params:
  mode: {enum: [fast, slow one], default: fast}
  loud: {type: boolean, default: false}
  g: {params: {level: {enum: [low, high], default: low}}}
outputs: {all: {type: directory}, page: {type: file, in: all, path: p.html}, o: {type: file}}
script: run.R
"""


@pytest.mark.parametrize(
    ("there", "typed", "offered"),
    [
        ("script: run.R", "script: |", ["run.R", "tools/count.py"]),
        ("script: run.R", "script: {file: |}", ["run.R", "tools/count.py"]),
        ("script: run.R", "notebook: |", ["tools/look.ipynb"]),
        ("script: run.R", "python: |", ["tools/count.py:"]),
        ("script: run.R", "conda: t|", ["align.yaml", "call.yaml", "main.yaml"]),
        ("default: fast", "default: |", ["fast", "slow one"]),
        ("default: false", "default: |", ["true", "false"]),
        ("default: low", "default: l|", ["low", "high"]),
        ("in: all", "in: |", ["all"]),
    ],
)
def test_values_are_offered_that_stand_near(desk: Desk, there: str, typed: str, offered: list[str]) -> None:
    """Files that can be meant, and what a declaration says itself; hidden ones and others are not."""
    (desk.folder / "tools").mkdir()
    for name in ("run.R", "tools/count.py", "tools/look.ipynb", "tools/.hidden.py", "notes.md"):
        desk.write(name, "")
    desk.write("near.yaml", NEAR)
    snapshot = desk.snapshot("near.yaml")
    text, line, column = _typed(NEAR.replace(there, typed, 1))
    found = completion.complete(snapshot, None, text, line, column)
    assert [item.label for item in found] == offered


def test_a_table_is_offered_its_files_and_the_columns_that_it_has(desk: Desk) -> None:
    desk.write("more.csv", "sample,dose\na,1\n")
    whole = PIPELINE.replace("modules:", "  more: {key: sample, file: more.csv}\nmodules:")
    desk.write("main.yaml", whole)
    snapshot, known = desk.snapshot("main.yaml"), desk.outcome("main.yaml")
    for typed, offered in (("file: |}", ["more.csv"]), ("file: more.csv, columns: {|}}", ["sample", "dose"])):
        text, line, column = _typed(whole.replace("file: more.csv}", typed))
        assert [item.label for item in completion.complete(snapshot, known, text, line, column)] == offered


def test_an_open_module_counts_as_it_is_in_the_editor(desk: Desk) -> None:
    """Its port is called otherwise there, and has not been saved."""
    desk.texts[desk.folder / "align.yaml"] = ALIGN.replace("bam", "aligned")
    told = [each.message for each in desk.outcome("main.yaml").checked.diagnostics]
    assert "no member `bam` in the step `align`" in told
    snapshot = desk.snapshot("main.yaml")
    text = Text(PIPELINE)
    found = completion.complete(snapshot, None, text, *desk.at("main.yaml", "${align.bam}", 8))
    assert [item.label for item in found] == ["aligned", "sample"]


def test_a_key_is_renamed_in_rows_steps_references_and_look_ups(desk: Desk) -> None:
    changed = desk.rename("main.yaml", "key: [sample]", 6, "patient")
    assert changed == {"main.yaml": PIPELINE.replace("sample:", "patient:").replace("[sample]", "[patient]")
                       .replace("(align.bam, sample=", "(align.bam, patient=")}  # fmt: skip
    desk.write("main.yaml", changed["main.yaml"])
    assert desk.outcome("main.yaml").checked.diagnostics == ()


def test_a_parameter_of_a_module_is_renamed_where_it_is_given(desk: Desk) -> None:
    changed = desk.rename("align.yaml", "params: {depth", 9, "coverage")
    assert changed["align.yaml"] == ALIGN.replace("depth", "coverage")
    assert changed["main.yaml"] == PIPELINE.replace(", depth: ", ", coverage: ")


def test_names_that_code_takes_are_not_renamed(desk: Desk) -> None:
    desk.write("tool.py", "def run(reads, out): ...\n")
    desk.write(
        "align.yaml",
        "sncompile: 1\nmodule: align\ninputs: {reads: {type: file}}\noutputs: {bam: {type: file}}\n"
        "params: {depth: {type: integer}}\npython: 'tool.py:run'\n",
    )
    with pytest.raises(rename.CannotRename, match="the code of the module takes it by this name"):
        desk.rename("align.yaml", "params: {depth", 9, "coverage")


def test_modules_of_the_library_are_not_renamed(desk: Desk) -> None:
    desk.write("main.yaml", PIPELINE.replace("  call:", "  index:\n    module: starrynight/analysis\n  call:"))
    snapshot = desk.snapshot("main.yaml")
    _, document = snapshot.modules["starrynight/analysis"]
    port = next(iter(document.params or document.inputs))
    given = f"    module: starrynight/analysis\n    with: {{{port}: x}}\n"
    desk.write("main.yaml", PIPELINE.replace("  call:", f"  index:\n{given}  call:"))
    with pytest.raises(rename.CannotRename, match="no file of this project"):
        desk.rename("main.yaml", f"with: {{{port}", 7, "other")


def test_a_step_with_results_says_what_it_was_called(desk: Desk) -> None:
    plain = desk.rename("main.yaml", "  align:", 3, "map")
    assert "moved" not in plain["main.yaml"]
    (desk.folder / "results" / "align").mkdir(parents=True)
    first = desk.rename("main.yaml", "  align:", 3, "map")["main.yaml"]
    assert first.index("moved:\n  - {from: align, to: map}\n") > first.index("steps:")
    desk.write("main.yaml", first)
    assert desk.outcome("main.yaml").checked.diagnostics == ()
    (desk.folder / "results" / "map").mkdir()
    second = desk.rename("main.yaml", "  map:", 3, "place")["main.yaml"]
    assert "moved:\n  - {from: align, to: map}\n  - {from: map, to: place}\n" in second
    desk.write("main.yaml", second)
    assert desk.outcome("main.yaml").checked.diagnostics == ()
    third = second.replace("\n  - {from: align, to: map}\n  - {from: map, to: place}", " [{from: align, to: place}]")
    desk.write("main.yaml", third)
    (desk.folder / "results" / "place").mkdir()
    assert (
        "moved: [{from: align, to: place}, {from: place, to: last}]"
        in desk.rename("main.yaml", "  place:", 3, "last")["main.yaml"]
    )


def test_what_is_not_given_is_no_fault_of_the_spec(desk: Desk) -> None:
    desk.write("main.yaml", PIPELINE.replace("{type: integer, default: 3}", "{type: integer}"))
    found = desk.outcome("main.yaml").checked.diagnostics
    assert [outcome.is_given_later(each) for each in found] == [True]
    # And the rest is known all the same.
    assert desk.outcome("main.yaml").count("call") == 2


def test_a_name_leads_to_another_document_and_back(desk: Desk) -> None:
    snapshot, align = desk.snapshot("main.yaml"), desk.snapshot("align.yaml")
    found = navigation.definitions(snapshot, [align], *desk.at("main.yaml", "${align.bam", 9))
    assert [(spot.path.name, spot.span.line) for spot in found] == [("align.yaml", 4)]
    used = navigation.references(align, [snapshot], *desk.at("align.yaml", "outputs: {bam", 11), declarations=False)
    assert [(spot.path.name, spot.span.line) for spot in used] == [
        ("align.yaml", 6), ("main.yaml", 22), ("main.yaml", 23),
    ]  # fmt: skip


def test_hover_is_not_markup_of_the_spec(desk: Desk) -> None:
    """What stands in a cell cannot leave the table that it is shown in."""
    desk.write("main.yaml", PIPELINE.replace("reads: a.fastq", 'reads: "a|*b*\\n`x`<b>"'))
    snapshot = desk.snapshot("main.yaml")
    found = hover.hover(snapshot, desk.outcome("main.yaml"), snapshot.text, *desk.at("main.yaml", "  samples:", 3))
    assert found is not None
    assert r"a\|\*b\* \`x\`\<b\>" in found.markdown


def test_no_server_is_asked_by_who_opens_a_spec(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("a server is asked")

    monkeypatch.setattr("sncompile.remote.servers.Servers.ask", asked)
    desk.write("main.yaml", PIPELINE.replace("b.fastq}", "https://example.org/b.fastq}"))
    made = desk.outcome("main.yaml")
    assert made.checked.program is not None
    assert made.states == {}

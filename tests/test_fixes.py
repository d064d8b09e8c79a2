"""Fixes: what they make of specs, and what they leave alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sncompile.api import check
from sncompile.diagnostics import Edit, Fix, Severity, Span, did_you_mean
from sncompile.diagnostics.fixes import compatible, edited, located
from sncompile.faults.names import UNKNOWN_NAME
from sncompile.fixing import fix
from sncompile.semantics.program import Options

from .command_line import Run, in_this_process

HEAD = "sncompile: 1\npipeline: p\n"
TABLE = "tables:\n  t: {key: [sample, well], rows: [{sample: a, well: b, file: c}]}\n"
MODULE = "inputs: {image: {type: file}}, outputs: {o: {type: file}}, command: [cp, '${inputs.image}', '${outputs.o}']"
STEP = f"steps:\n  one:\n    by: [sample, well]\n    module: {{{MODULE}}}\n"
WHOLE = f'{HEAD}{TABLE}{STEP}    with: {{image: "${{t.file}}"}}\n'
ELSEWHERE = (
    f'{HEAD}data: {{raw: raw}}\ntables:\n  t: {{glob: "${{data.raw}}/{{well}}.txt", key: [well]}}\n'
    "modules: {tools: ./modules}\nsteps:\n  one:\n    module: tools/cut\n    by: [well]\n    "
    'with: {image: "${t.path}"}\n'
)
ALONE = "sncompile: 1\nmodule: m\ninputs: {image: {type: file}}\noutputs: {o: {type: file}}\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""
    return in_this_process(capsys)


def made(text: str, folder: Path, *, unsafe: bool = False) -> str:
    """A spec after its fixes."""
    path = folder / "main.yaml"
    path.write_text(text, encoding="utf-8")
    return fix([path], Options(invoked_from=folder), unsafe=unsafe).new[path]


@pytest.mark.parametrize(
    ("slip", "right"),
    [
        # The commonest slip: an expression without quotes inside of brackets.
        ('with: {image: "${t.file}"}', "with: {image: ${t.file}}"),
        ('with: {image: "${t.file}"}', "with: {image: $t.file}"),
        ('with: {image: "${t.file}"}', "with: {image: $(t.file)}"),
        ('with: {image: "${t.file}"}', "with: {image: t.file}"),
        ('with: {image: "${t.file}"}', 'with: {image: "${t.fiel}"}'),
        ('with: {image: "${t.file}"}', 'with: {image: "${t.file"}'),
        ('with: {image: "${t.file}"}', 'with: {image: "${t.file}}'),
        ('with: {image: "${t.file}"}', 'with: {image: "${t.file}"'),
        ('with: {image: "${t.file}"}', "with: {image: \u201c${t.file}\u201d}"),
        ('with: {image: "${t.file}"}', 'wiht: {image: "${t.file}"}'),
        ("by: [sample, well]", "by: sample, well"),
        ("by: [sample, well]", "by: [sample, wlel]"),
        ("by: [sample, well]", "by: [sample, well"),
        ("    by: [sample", "\tby: [sample"),
        ("    by: [sample", "\u00a0   by: [sample"),
        ("    by: [sample", "     by: [sample"),
        ("pipeline: p", "workflow: p"),
        ("pipeline: p", "pipeline p"),
        ("pipeline: p\n", "pipeline: p\npipeline: p\n"),
        ("    by: [sample", "    by:\n    by: [sample"),
        ("  one:\n", "  one:\n  one:\n"),
        ("inputs: {image: {type: file}}", "inputs: {image: {type: fiel}}"),
        ("'${inputs.image}'", "'${input.image}'"),
    ],
)
def test_a_slip_is_mended(slip: str, right: str, tmp_path: Path) -> None:
    """The spec is what it was before somebody slipped, up to quotes."""
    assert slip in WHOLE
    wrong = WHOLE.replace(slip, right, 1)
    assert made(wrong, tmp_path, unsafe=True) == WHOLE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("command: cp ${inputs.image} ${outputs.o}", 'command: [cp, "${inputs.image}", "${outputs.o}"]'),
        ("command: cat ${inputs.image} > ${outputs.o}", "shell: cat ${inputs.image} > ${outputs.o}"),
        ('shell: "cp {input.image} {output}"', 'shell: "cp ${inputs.image} ${outputs.o}"'),
        ('command: [cp, $inputs.image, "${outputs.o}"]', 'command: [cp, "${inputs.image}", "${outputs.o}"]'),
        (
            'shell: "echo ${HOME} ${X:-y} ${inputs.image} > ${outputs.o}"',
            'shell: "echo $${HOME} $${X:-y} ${inputs.image} > ${outputs.o}"',
        ),
        (
            "shell: mkdir x\n  cat ${inputs.image} > ${outputs.o}",
            "shell: |\n  mkdir x\n  cat ${inputs.image} > ${outputs.o}",
        ),
        (
            "resources: {memory: 4Gigs, time: 2 hours}\nshell: cat ${inputs.image} > ${outputs.o}",
            "resources: {memory: 4GB, time: 2h}\nshell: cat ${inputs.image} > ${outputs.o}",
        ),
    ],
)
def test_a_module_is_mended(before: str, after: str, tmp_path: Path) -> None:
    """What modules are told of."""
    assert made(f"{ALONE}{before}\n", tmp_path) == f"{ALONE}{after}\n"


def test_what_is_unsure_is_left_to_people(tmp_path: Path) -> None:
    """A name that is merely alike, or has a rival, is not written without being asked for."""
    wrong = WHOLE.replace("${t.file}", "${t.fail}")
    assert made(wrong, tmp_path) == wrong
    assert made(wrong, tmp_path, unsafe=True) == WHOLE
    rivals = WHOLE.replace("file: c}", "reads_1: c, reads_2: d}").replace("${t.file}", "${t.reads_3}")
    assert made(rivals, tmp_path) == rivals


def test_encoding_and_line_ends_stay(run: Run, tmp_path: Path) -> None:
    """A file as an editor on Windows writes it is written back so."""
    path = tmp_path / "main.yaml"
    wrong = WHOLE.replace("by: [sample, well]", "by: sample, well").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + wrong.encode())
    path.chmod(0o640)
    assert run("fix", str(path)).code == 0
    assert path.read_bytes() == b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o640


def test_only_files_that_are_named_are_written(run: Run, tmp_path: Path) -> None:
    """A module that a spec uses is somebody else's, unless it is named too; then one check mends both."""
    module = f"{ALONE}command: cp ${{inputs.image}} ${{outputs.o}}\n"
    (tmp_path / "m.yaml").write_text(module)
    main = tmp_path / "main.yaml"
    main.write_text(f'{HEAD}steps:\n  one:\n    module: ./m.yaml\n    wiht: {{image: "x.tif"}}\n')
    told = run("fix", str(main))
    assert told.code == 1
    assert "SN102" in told.err
    assert (tmp_path / "m.yaml").read_text() == module
    assert "    with:" in main.read_text()
    assert run("check", "--fix", str(main), str(tmp_path / "m.yaml")).code == 0
    assert 'command: [cp, "${inputs.image}", "${outputs.o}"]' in (tmp_path / "m.yaml").read_text()


def test_a_difference_is_shown_and_not_written(run: Run, tmp_path: Path) -> None:
    """`--diff` is for those who want to see first."""
    path = tmp_path / "main.yaml"
    wrong = WHOLE.replace("by: [sample, well]", "by: sample, well")
    path.write_text(wrong)
    told = run("fix", "--diff", str(path))
    assert told.code == 1
    assert "-    by: sample, well\n+    by: [sample, well]\n" in told.out
    assert path.read_text() == wrong


def test_machines_get_the_edits(run: Run, tmp_path: Path) -> None:
    """JSON and SARIF say which characters are replaced by which."""
    path = tmp_path / "main.yaml"
    path.write_text(WHOLE.replace("${t.file}", "${t.fiel}"))
    (found,) = (d for d in json.loads(run("check", str(path), "--format", "json").out) if d["severity"] == "error")
    (edit,) = found["fix"]
    assert found["safe"]
    line = path.read_text().splitlines()[edit["line"] - 1]
    assert line[edit["column"] - 1 : edit["end_column"] - 1] == "fiel"
    assert edit["text"] == "file"
    log = json.loads(run("check", str(path), "--format", "sarif").out)
    ((change,),) = (list(r["fixes"]) for r in log["runs"][0]["results"] if r["ruleId"] == "SN202")
    (replaced,) = change["artifactChanges"][0]["replacements"]
    assert replaced["insertedContent"] == {"text": "file"}
    assert replaced["deletedRegion"]["startLine"] == edit["line"]


def test_a_fix_without_a_sure_place_is_none() -> None:
    """The name has to stand in the place of the diagnostic, as a word, and once."""
    hint = did_you_mean("fiel", ["file"])
    for line, column in (("x: fiel", 4), ('x: "a fiel"', 4), ("x: fiel fiel", None), ("x: fields", None), ("x", None)):
        span = Span("f", 1, 1, 1, len(line) + 1)
        (found,) = located([UNKNOWN_NAME.at(span, "unknown", help=hint)], {"f": line})
        places = [edit.span.column for each in found.fixes for edit in each.edits]
        assert places == ([line.index("fiel") + 1] if column else [])


def test_fixes_that_overlap_wait() -> None:
    """Of two that touch one place the first is made; what only meets does no harm."""
    a, b, c = (Fix(n, (Edit(Span("f", 1, s, 1, e), n),)) for n, s, e in (("a", 1, 4), ("b", 3, 5), ("c", 4, 6)))
    assert compatible([a, b, c]) == [a, c]
    assert edited("xxxyy\r\nz", [*a.edits, *c.edits]) == "ac\r\nz"


@pytest.mark.parametrize(
    ("right", "slip", "help"),
    [
        ("steps:\n", "rules:\n", "did you mean `steps`?"),
        ("steps:\n", "process:\n", "did you mean `steps`?"),
        ("    by: [", "    conda: env.yaml\n    by: [", "a module says that, and a step names it"),
        ("module: tools/cut", "module: cut", "did you mean `tools/cut`?"),
        ("tools: ./modules", "tools: ./modlues", "did you mean `./modules`?"),
        ('"${data.raw}/', '"{data.raw}/', "did you mean `${data.raw}`?"),
        ("  one:\n", "  - one:\n", "names are keys here, and stand without `-`: `one: …`"),
        ("sncompile: 1\n", "", "write `sncompile: 1`"),
    ],
)
def test_words_of_others_are_told_once(right: str, slip: str, help: str, tmp_path: Path) -> None:
    """What people bring from other languages is one error, whose help says the word for it here."""
    assert right in ELSEWHERE
    (tmp_path / "modules").mkdir()
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "A01.txt").touch()
    (tmp_path / "modules" / "cut.yaml").write_text(f'{ALONE}command: [cp, "${{inputs.image}}", "${{outputs.o}}"]\n')
    (tmp_path / "spec.yaml").write_text(ELSEWHERE)
    assert not check(tmp_path / "spec.yaml").diagnostics
    (tmp_path / "spec.yaml").write_text(ELSEWHERE.replace(right, slip, 1))
    (told,) = (each for each in check(tmp_path / "spec.yaml").diagnostics if each.severity is Severity.ERROR)
    assert help in (told.help or "")


@pytest.mark.parametrize(
    ("right", "slip", "help"),
    [
        ("command: [cp, a]", "run: [cp, a]", "did you mean `command`?"),
        ("command: [cp, a]", "run: cp a b", "did you mean `shell`?"),
        ("memory: 1GB", "mem_mb: 1000", "did you mean `memory`?"),
        ("type: file", "type: path", "did you mean `file`?"),
        ("type: file", 'type: "list[file]"', "did you mean `file[]`?"),
    ],
)
def test_words_of_others_in_a_module_are_told_once(right: str, slip: str, help: str, tmp_path: Path) -> None:
    """The same in a module."""
    whole = f"{ALONE}resources: {{memory: 1GB}}\ncommand: [cp, a]\n"
    assert right in whole
    (tmp_path / "one.yaml").write_text(whole.replace(right, slip, 1))
    (told,) = (each for each in check(tmp_path / "one.yaml").diagnostics if each.severity is Severity.ERROR)
    assert help in (told.help or "")


def test_a_dash_among_keys_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(
        "sncompile: 1\npipeline: p\nsteps:\n  - a:\n    module: ./m\n  b: {module: ./m}\n"
    )
    (told,) = (each for each in check(tmp_path / "spec.yaml").diagnostics if each.severity is Severity.ERROR)
    assert told.message.endswith("an item of a list among keys")
    assert told.help == "keys stand without `-`: write `a:`"

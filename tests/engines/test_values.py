"""Values of any kind reach a tool byte for byte, in a real run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sncompile.cli.main import cli
from sncompile.ir.jobs.expansion import jobs

from .snakemake_jobs import emit

VALUES = (
    "plain", "a b", "it's", 'say "hi"', "{x}", "{{y}}", "$HOME", "${z}", "`id`", "line1\nline2", "-dash", "--",
    "é漢字😀", "a\\b", "*?[1]", "~",
    "!x", "#c", "a;b|c&d>e<f", "%s%d", "", "\t tab ", "{wildcards.key}", "a/b", "..", ".", "50%",
    "'\"'", "\\n", "$(id)", "x'y\"z{w}", "{input.x:q}", "\r", "\x01", "\u202e", " ", "''",
)  # fmt: skip

DUMP = """\
import json, sys
from pathlib import Path
Path(sys.argv[1]).write_text(json.dumps(sys.argv[2:]))
"""

MODULE = """\
sncompile: 1
module: dump
outputs: {json: {type: file, format: json}}
params: {value: {type: string}, key: {type: string}, fixed: {type: "string[]"}}
command:
  - python
  - "${file('dump.py')}"
  - "${outputs.json}"
  - "${params.value}"
  - "${params.key}"
  - "--x=${params.value}"
  - {option: --rep, value: "${params.fixed}", repeat: true}
  - "${params.fixed}"
  - "{literal} $HOME `x` ${params.key}"
"""


def spec() -> str:
    """A pipeline that hands every value over as a cell, a constant and, where it can be one, a key."""
    keys = [v if v.strip() and v.isprintable() else f"k{i}" for i, v in enumerate(VALUES)]
    rows = [
        # A cell may hold expressions: `$${` writes a literal one.
        {"key": k.replace("${", "$${"), "value": v.replace("${", "$${")}
        for k, v in zip(keys, VALUES, strict=True)
    ]
    fixed = [v.replace("${", "$${") for v in VALUES]
    document = json.dumps(
        {
            "sncompile": 1,
            "pipeline": "values",
            "data": {"workspace": "res ults"},
            "tables": {"t": {"key": ["key"], "rows": rows}},
            "steps": {
                "d": {
                    "module": "./dump.yaml",
                    "by": ["key"],
                    "with": {"value": "${t.value if t.value != null else ''}", "key": "${key}", "fixed": fixed},
                }
            },
        },
        ensure_ascii=False,
    )
    # What hides in an editor must be escaped in a spec.
    return document.replace("\u202e", "\\u202e")


def test_any_value_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces, quotes, braces, `$`, backticks, newlines, dashes, control characters and other scripts."""
    (tmp_path / "dump.py").write_text(DUMP)
    (tmp_path / "dump.yaml").write_text(MODULE)
    (tmp_path / "spec.yaml").write_text(spec())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "spec.yaml", "--cores", "2"], standalone_mode=True)
    assert ended.value.code == 0
    graph = emit(tmp_path / "spec.yaml")
    by_key = {job.key["key"]: job for job in jobs(graph)}
    assert len(by_key) == len(VALUES)
    for (key, job), value in zip(by_key.items(), VALUES, strict=True):
        expected = [value, key, f"--x={value}"]
        expected += [word for v in VALUES for word in ("--rep", v)]
        expected += [*VALUES, f"{{literal}} $HOME `x` {key}"]
        path = job.outputs["json"]
        assert isinstance(path, str)
        assert json.loads((tmp_path / path).read_text()) == expected
        assert job.command is not None
        assert job.command[3:] == expected


WORDS = """\
sncompile: 1
pipeline: words
steps:
  s:
    module:
      outputs: {o: {type: file}, p: {type: file}}
      params: {x: {type: string}, y: {type: string}, z: {type: integer}}
      shell: |
        echo val ${params.z}> ${outputs.o}
        ${params.y} hello > ${outputs.p} || echo "no keyword" > ${outputs.p}
        ${params.x} env || echo "no assignment" >> ${outputs.p}
    with: {x: "A=b", y: "time", z: 2}
"""


def test_a_bare_word_is_nothing_more_in_a_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before `>` a number is no stream; as a command a value is neither a keyword nor an assignment."""
    (tmp_path / "spec.yaml").write_text(WORDS)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "spec.yaml", "--cores", "1"], standalone_mode=True)
    assert ended.value.code == 0
    assert (tmp_path / "results" / "s" / "o").read_text() == "val 2\n"
    assert (tmp_path / "results" / "s" / "p").read_text() == "no keyword\nno assignment\n"


SIZES = """\
sncompile: 1
pipeline: sizes
steps:
  d:
    module:
      outputs: {o: {type: directory}}
      shell: "mkdir ${outputs.o}; head -c 3000000 /dev/zero > ${outputs.o}/f"
  e:
    module:
      inputs: {d: {type: directory}}
      outputs: {o: {type: file}}
      shell: "echo ${resources.memory} > ${outputs.o}"
      resources: {memory: "${100 * inputs.d.size}"}
    with: {d: "${d.o}"}
"""


def test_the_size_of_a_directory_is_that_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """3 MB in a directory, a hundred times: 300 MB."""
    (tmp_path / "spec.yaml").write_text(SIZES)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "spec.yaml", "--cores", "1"], standalone_mode=True)
    assert ended.value.code == 0
    assert (tmp_path / "results" / "e" / "o").read_text() == "300\n"


BRACE = """\
sncompile: 1
pipeline: brace
steps:
  c:
    module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}
    with: {i: "{a.o}"}
"""


def test_check_tells_what_the_target_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A brace in a path is refused by `check` as by `compile`, each with the line."""
    (tmp_path / "spec.yaml").write_text(BRACE)
    monkeypatch.chdir(tmp_path)
    for command in ("check", "compile"):
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "spec.yaml"], standalone_mode=True)
        assert ended.value.code == 1
        told = capfd.readouterr().err
        assert "error[SN602]" in told
        assert "6 |     with: {i:" in told

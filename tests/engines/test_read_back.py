"""Whatever is compiled is read back: by Snakemake itself, and by our reader of CWL, job by job."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sncompile.api import DifferentJobs, check, compile_graph, default_out, graph_of, optimize, verify_emitted
from sncompile.diagnostics import CompileError
from tests.test_cases import CASES, PAGES, blocks_of, lay_out, options_of

EXAMPLES = CASES.parents[1] / "specs" / "examples"

SPEC = """
sncompile: 1
pipeline: main
tables: {t: {key: [k], rows: [{k: a, v: "x y"}, {k: b, v: "$HOME"}]}}
steps:
  one:
    by: [k]
    with: {v: "${t.v}", i: "in/${k}.txt"}
    container: org/tool:1
    module:
      inputs: {i: {type: file}}
      params: {v: {type: string}}
      outputs: {o: {type: file, format: txt}}
      resources: {cpus: 3, memory: 2GB}
      command: [tool, --out, "${outputs.o}", "${params.v}", "${inputs.i}"]
  two:
    with: {all: "${one.o}"}
    module:
      inputs: {all: {type: "file[]"}}
      outputs: {o: {type: file, format: txt}}
      shell: "cat ${inputs.all} > ${outputs.o}"
"""


WITHOUT_ERRORS = [page for page in PAGES if "\nerror[" not in page.read_text("utf-8")]


@pytest.mark.parametrize(
    "page", WITHOUT_ERRORS, ids=[str(p.relative_to(CASES).with_suffix("")) for p in WITHOUT_ERRORS]
)
def test_a_page_without_errors_is_read_back(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = blocks_of(page.read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    checked = check(lay_out(blocks, tmp_path), options_of(blocks, tmp_path))
    if checked.program is None:
        pytest.skip("the page is about a module")
    read = []
    for target in ("snakemake", "cwl"):
        graph = optimize(graph_of(checked.program), check=True).graph
        out = tmp_path / target
        try:
            compile_graph(graph, target, out=out).write(out)
        except CompileError:
            continue  # The target cannot express it, and says so.
        assert verify_emitted(graph, out, target) == graph.job_count()
        read.append(target)
    if not read:
        pytest.skip("no target can express it")


@pytest.mark.parametrize("name", ["variants", "illumination"])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_examples_are_read_back(name: str, level: int, tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns("build", "results"))
    (folder / "images").mkdir(exist_ok=True)
    for well in ("A01", "B02"):
        (folder / "images" / f"{well}_s1.tif").touch()
    graph = optimize(graph_of(check(folder / f"{name}.yaml").require()), level, check=True).graph
    for target in ("snakemake", "cwl"):
        out = tmp_path / target
        compile_graph(graph, target, out=out).write(out)
        assert verify_emitted(graph, out, target) == graph.job_count()


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("--out", "--Out", "one/a"),
        ("threads: 3", "threads: 2", "2 threads, not 3"),
        ("mem_mb=2000", "mem_mb=2001", "mem_mb is 2001, not 2000"),
        ('"in/{k}.txt"', '"in/{k}.text"', "cannot read the emitted files"),
        ("{input.all:q}", "{input.all}x", "two"),
        ("results/one/{k}", "results/One/{k}", "No rule to produce results/one/[ab]"),
        ("rule two:", "ruleorder: one > two\nrule two:", None),
        ("x y", "x  y", "x  y"),
    ],
)
def test_any_difference_is_told(was: str, becomes: str, told: str | None, tmp_path: Path) -> None:
    """A file of another meaning is found out, and one that only looks different is not."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    graph = graph_of(check(tmp_path / "spec.yaml").require())
    out = default_out(graph)
    compile_graph(graph, out=out).write(out)
    assert verify_emitted(graph, out) == 3
    changed = 0
    for path in (out / "Snakefile", *out.glob("tables/*.tsv")):
        text = path.read_text()
        changed += text.count(was)
        path.write_text(text.replace(was, becomes))
    assert changed, f"`{was}` does not stand in the files"
    if told is None:
        assert verify_emitted(graph, out) == 3
        return
    with pytest.raises(DifferentJobs, match=told):
        verify_emitted(graph, out)


def test_a_folder_with_braces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To Snakemake a brace in a path is a wildcard; the folder that a project lies in is nobody's fault."""
    folder = tmp_path / "{a} b"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("tool.py").write_text("")
    Path("spec.yaml").write_text(SPEC.replace("command: [tool,", "command: [python, \"${file('tool.py')}\","))
    graph = graph_of(check("spec.yaml").require())
    out = default_out(graph)
    compile_graph(graph, out=out).write(out)
    assert verify_emitted(graph, out) == 3


def test_batches_of_scripts(tmp_path: Path) -> None:
    """The scripts that a batch calls lie with the emitted files, wherever these are looked at."""
    (tmp_path / "tool.sh").write_text('touch "$2"\n')
    (tmp_path / "spec.yaml").write_text(
        "sncompile: 1\npipeline: main\ntables: {t: {key: k, rows: [{k: a}, {k: b}, {k: c}]}}\n"
        "steps: {one: {by: k, batch: 2, module: {outputs: {o: {type: file}}, script: tool.sh}}}\n"
    )
    graph = optimize(graph_of(check(tmp_path / "spec.yaml").require()), 2).graph
    out = default_out(graph)
    compile_graph(graph, out=out).write(out)
    assert verify_emitted(graph, out) == 3
    script = out / "files" / "batches" / "one.sh"
    script.write_text(script.read_text().replace("--o results/one/b/o", "--o results/one/c/o"))
    with pytest.raises(DifferentJobs, match="one/b: its batch runs"):
        verify_emitted(graph, out)

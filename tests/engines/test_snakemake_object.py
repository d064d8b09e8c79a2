"""Scripts that were written for Snakemake find in `snakemake` what Snakemake itself would give them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sncompile.api import CompileOptions, compile

SPEC = """\
sncompile: 1
pipeline: main
tables: {samples: {key: sample, rows: [{sample: s 1}, {sample: s2}]}}
steps:
  count:
    by: sample
    with: {one: a.txt, reads: [a.txt, b.txt], ref: {species: "it's $(touch x) =y", release: 7}}
    resources: {memory: 2GB}
    module: ./count.yaml
"""
MODULE = """\
sncompile: 1
module: count
inputs: {one: {type: file}, reads: {type: "file[]"}}
params:
  ref: {params: {species: {type: string}, release: {type: integer}}}
  rate: {type: number, default: 1.50}
  deep: {type: boolean, default: true}
  tags: {type: "string[]", default: [-x, b c, "=d"]}
  none: {type: "string[]", default: []}
  opt: {type: "integer?"}
outputs: {out: {type: file, format: txt}, other: {type: file}}
resources: {cpus: 1}
script: {file: %s, object: snakemake}
"""
SNAKEFILE = """\
rule all:
    input: ["results/count/s 1/out.txt", "results/count/s2/out.txt"]
rule count:
    input: one="a.txt", reads=["a.txt", "b.txt"]
    output: out="results/count/{sample}/out.txt", other="results/count/{sample}/other"
    params:
        ref=dict(species="it's $(touch x) =y", release=7), rate=1.50, deep=True, tags=["-x", "b c", "=d"], none=[],
        opt=None,
    log: "logs/{sample}.log"
    threads: 1
    resources: mem_mb=2000
    script: "%s"
"""
PYTHON = """\
import sys
from os.path import basename
sys.stderr = open(snakemake.log[0], "w")
print("told in the log", file=sys.stderr)
open(snakemake.output[1], "w").close()
lines = [
    list(snakemake.input), snakemake.input[0], snakemake.input[2], snakemake.input["one"], snakemake.input.reads[1],
    list(snakemake.input.reads), snakemake.input.get("extra"), str(snakemake.input), list(snakemake.input.keys()),
    list(snakemake.output), snakemake.output.out, list(snakemake.params), snakemake.params.ref["species"],
    snakemake.params["rate"], snakemake.params[1], snakemake.params.get("deep"), snakemake.params.tags,
    snakemake.params.none, snakemake.params.opt, snakemake.wildcards.sample, snakemake.wildcards[0],
    dict(snakemake.wildcards.items()), snakemake.threads, snakemake.resources.mem_mb,
    snakemake.resources.get("mem_mb"), snakemake.rule, len(snakemake.log), basename(snakemake.scriptdir), __name__,
]
with open(snakemake.output.out, "w") as file:
    file.writelines(f"{line!r}\\n" for line in lines)
"""
R = """\
log <- file(snakemake@log[[1]], open = "wt")
sink(log, type = "message")
message("told in the log")
invisible(file.create(snakemake@output[[2]]))
show <- function(x) paste(deparse(x), collapse = " ")
writeLines(c(
  show(snakemake@input[[1]]), show(snakemake@input$one), show(snakemake@input[["reads"]]), show(snakemake@output$out),
  show(snakemake@params$ref$species), show(snakemake@params$rate), show(snakemake@params[["deep"]]),
  show(unlist(snakemake@params$tags)), show(is.null(snakemake@params$opt)), show(snakemake@wildcards$sample),
  show(snakemake@wildcards[["sample"]]), show(snakemake@threads), show(snakemake@resources$mem_mb), snakemake@rule
), snakemake@output[["out"]])
"""


def made(folder: Path) -> dict[str, str]:
    """What the jobs wrote, by the sample."""
    return {sample: (folder / "results" / "count" / sample / "out.txt").read_text() for sample in ("s 1", "s2")}


def with_data(folder: Path, script: str, text: str) -> Path:
    """A folder with the data and the script."""
    (folder / "count").mkdir(parents=True)
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(name)
    (folder / "count" / script).write_text(text)
    return folder


def by_snakemake(folder: Path, script: str) -> dict[str, str]:
    """What comes of the script where Snakemake runs it itself."""
    (folder / "Snakefile").write_text(SNAKEFILE % f"count/{script}")
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return made(folder)


def by_us(folder: Path, script: str, target: str) -> dict[str, str]:
    """What comes of it where our files run it."""
    spec = folder / "main.yaml"
    spec.write_text(SPEC)
    (folder / "count.yaml").write_text(MODULE % f"count/{script}")
    out = folder / "build"
    compile(spec, CompileOptions(target=target, out=out)).write()
    commands = {
        "snakemake": [sys.executable, "-m", "snakemake", "-s", "build/Snakefile", "--cores", "1", "--quiet", "all"],
        "bash": ["bash", "build/run.sh"],
    }
    ended = subprocess.run(commands[target], cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert not (folder / "x").exists()
    logs = list(folder.rglob("*.log"))
    logs = [log for log in logs if ".snakemake" not in log.parts]
    assert logs
    assert all("told in the log" in log.read_text() for log in logs)
    return made(folder)


@pytest.mark.parametrize("target", ["snakemake", "bash"])
def test_python_finds_what_snakemake_gives(tmp_path: Path, target: str) -> None:
    """By name, by position and by `get`, with types; what it writes to its log is in the job's."""
    theirs = by_snakemake(with_data(tmp_path / "theirs", "count.py", PYTHON), "count.py")
    ours = by_us(with_data(tmp_path / "ours", "count.py", PYTHON), "count.py", target)
    assert ours == theirs


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize("target", ["snakemake", "bash"])
def test_r_finds_what_snakemake_gives(tmp_path: Path, target: str) -> None:
    """The slots of the object, their items by name and by position."""
    theirs = by_snakemake(with_data(tmp_path / "theirs", "count.R", R), "count.R")
    ours = by_us(with_data(tmp_path / "ours", "count.R", R), "count.R", target)
    assert ours == theirs


def test_a_script_that_fails_fails_its_job_and_its_log_says_why(tmp_path: Path) -> None:
    """Also what it had written to its own log before."""
    text = PYTHON.replace("lines = [", "raise SystemError('no luck')\nlines = [")
    with pytest.raises(AssertionError):
        by_us(with_data(tmp_path / "ours", "count.py", text), "count.py", "snakemake")
    log = next((tmp_path / "ours" / "logs").rglob("*.log")).read_text()
    assert "told in the log" in log
    assert "no luck" in log


def test_a_function_of_a_file_beside_the_module(tmp_path: Path) -> None:
    """It is imported by its path, wherever the jobs run; its file counts as one of the module."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "tools.py").write_text("def count(n, o):\n    open(o, 'w').write(f'{n} {__name__}')\n")
    module = '{params: {n: {type: integer}}, outputs: {o: {type: file}}, python: "lib/tools.py:count"}'
    spec = tmp_path / "main.yaml"
    spec.write_text(f"sncompile: 1\npipeline: main\nsteps:\n  fn: {{module: {module}, with: {{n: 3}}}}\n")
    compile(spec, CompileOptions(target="bash", out=tmp_path / "build")).write()
    ended = subprocess.run(["bash", "build/run.sh"], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "results" / "fn" / "o").read_text() == "3 tools"
    assert "tools.py" in (tmp_path / "build" / "run.sh").read_text()

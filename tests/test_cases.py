"""Every page of `cases/` is a behaviour of the language: files, and what the compiler says of them.

A page holds fenced blocks. One of a language and a file name (`yaml main.yaml`) is that file; `main.yaml`, or else the
first YAML file, is the spec. `python setup` runs with `folder` set, for files that Markdown cannot hold. `text options`
gives options, one a line, as on the command line. What is expected stands in `text diagnostics` (as rendered for
people), `text jobs` (every job with its command and files) or `text ir`; after the passes of a level, in
`text remarks O1` and `text ir O1`, where the jobs have to be as they were; in `text lowered`, what targets print from;
and in `text snakemake`, `text cwl` and `text bash` what these make of it, or why they refuse it, without what is the
same for every pipeline; in `text snakemake O2` after the passes, in `text snakemake docker` with what runs images.
`pytest tests/test_cases.py --accept` writes these anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sncompile.api import (
    Checked,
    CompileOptions,
    check,
    compile_graph,
    compile_program,
    default_out,
    graph_of,
    optimize,
)
from sncompile.cli.options import SpecOptions
from sncompile.compilation import target_remarks
from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.diagnostics.text import TextRenderer
from sncompile.faults import catalogue
from sncompile.ir.graph.model import Graph
from sncompile.ir.graph.text import graph_text
from sncompile.ir.jobs.expansion import Job, jobs
from sncompile.lowering.lower import lower
from sncompile.lowering.text import lowered_text
from sncompile.passes.pipeline import PASSES
from sncompile.semantics.program import Options
from sncompile.targets.target import Engine
from sncompile.views.remarks_text import remarks_text

from .lowered_jobs import differences

CASES = Path(__file__).parent / "cases"
PAGES = sorted(CASES.rglob("*.md"))
EMITTED = {
    "snakemake": (("Snakefile", r"^(?:[A-Z_0-9]+ = (?:Late)?Table|envvars:|wildcard_constraints:|# all)[\s\S]*"),),
    "cwl": (("workflow.cwl", r"^- id[\s\S]*?(?=^# (?:Hands every job|Gives every file)|\Z)"), ("job.json", r"[\s\S]+")),
    "bash": (("run.sh", r"^job_1\(\)[\s\S]*(?=\nfunctions=)"),),
}
"""Of what a target emits, the files that a page shows, and the part of each that differs between pipelines."""
ENGINES: tuple[Engine, ...] = ("docker", "podman")
EXPECTED = (
    "diagnostics",
    "jobs",
    "ir",
    "lowered",
    *EMITTED,
    *(f"{kind} O{level}" for kind in ("remarks", "ir", "snakemake") for level in (1, 2)),
    *(f"snakemake {engine}" for engine in ENGINES),
)

# Told by the commands that compile and run, never by a check.
ELSEWHERE = {"SN215", "SN229", "SN230", "SN246", "SN247", "SN248", "SN249", "SN331", "SN463"}

_BLOCK = re.compile(r"^(`{3,})(\w+) ([^\n]+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its name, its text, and where the text stands in the page."""

    language: str
    name: str
    text: str
    span: tuple[int, int]


def blocks_of(page: str) -> list[Block]:
    """The named blocks of a page."""
    return [Block(m[2], m[3].strip(), m[4], m.span(4)) for m in _BLOCK.finditer(page)]


def lay_out(blocks: list[Block], folder: Path) -> str:
    """Write the files of a page to a folder; the name of its spec."""
    spec = ""
    for block in blocks:
        if block.language == "text" and block.name in (*EXPECTED, "options"):
            continue
        if (block.language, block.name) == ("python", "setup"):
            exec(compile(block.text, "setup", "exec"), {"folder": folder})
            continue
        path = folder / block.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        spec = spec or (block.name if block.language == "yaml" else "")
    return "main.yaml" if not spec or (folder / "main.yaml").exists() else spec


def options_of(blocks: list[Block], folder: Path) -> Options:
    """The options that a page asks for."""
    given: dict[str, dict[str, str]] = {"--data": {}, "--set": {}}
    for block in blocks:
        if block.name == "options":
            for option, _, pair in (line.partition(" ") for line in block.text.splitlines()):
                name, _, value = pair.strip().partition("=")
                given.setdefault(option, {})[name] = value
    params = next((Path(os.path.relpath(folder / name)) for name in given.get("--params", ())), None)
    extra = next(iter(given.get("--params-extra", ())), "error")
    read = SpecOptions((), (), params, None, False, params_extra=extra).read()
    return replace(read, data=given["--data"], sets=given["--set"], invoked_from=folder, locked="--locked" in given)


def job_lines(job: Job) -> list[str]:
    """A job as a page shows it."""
    lines = [job.id, f"  $ {shlex.join(job.command)}" if job.command is not None else f"  shell: {job.shell!r}"]
    for sign, ports in (("<-", job.inputs), ("->", job.outputs)):
        for name, paths in ports.items():
            shown = "nothing" if paths is None else ", ".join(paths) if isinstance(paths, list) else paths
            lines.append(f"  {sign} {name}: {shown}")
    lines += [f"  {path}: {text!r}" for path, text in job.lists.items()]
    rest = {"container": job.container, "env": job.env, "resources": job.resources, "after": ", ".join(job.after)}
    lines += [f"  {name}: {value}" for name, value in rest.items() if value]
    return [line.replace("\r", "\\r") for line in lines]


def actual(kind: str, checked: Checked) -> str:
    """What a block of a kind should hold."""
    if kind == "diagnostics":
        return TextRenderer(checked.sources).render(checked.diagnostics)
    graph = graph_of(checked.require())
    what, _, how = kind.partition(" ")
    if what in EMITTED:
        return emitted_text(what, how, graph, checked)
    if how:
        return after_passes(what, graph, int(kind[-1]))
    if kind == "ir":
        return graph_text(graph)
    assert not list(differences(graph))
    if kind == "lowered":
        return lowered_text(lower(graph, f"build/{graph.name}/files"))
    return "".join(line + "\n" for job in jobs(graph) for line in job_lines(job))


def after_passes(kind: str, graph: Graph, level: int) -> str:
    """The remarks or the graph of a level; at the first, the jobs that are left have to be what they were."""
    result = optimize(graph, level, check=True)
    if level == 1:
        after = {job.id: job.as_object() for job in jobs(result.graph)}
        before = {job.id: job.as_object() for job in jobs(graph) if job.id in after}
        for job in before.values():
            job["after"] = [other for other in job["after"] if other in after]
        assert after == before
    return remarks_text(result.remarks) if kind == "remarks" else graph_text(result.graph)


def said_without_files(graph: Graph, options: CompileOptions) -> tuple[Diagnostic, ...]:
    """What a target says of a graph when it makes no files."""
    try:
        return target_remarks(graph, default_out(graph), options)
    except CompileError as refused:
        return refused.diagnostics


def emitted_text(target: str, how: str, graph: Graph, checked: Checked) -> str:
    """What a target makes of a graph, file after file, or why it refuses it; it says the same without making files."""
    if how.startswith("O"):
        graph = optimize(graph, int(how[1:]), check=True).graph
    options = CompileOptions(target, containers=next((e for e in ENGINES if e == how), None))
    emitted = None
    try:
        if graph.later:
            # What is known later is in the program, and not in its graph.
            emitted = compile_program(checked.require(), options).emitted
        else:
            emitted = compile_graph(graph, target, containers=options.containers)
        said = emitted.warnings
    except CompileError as refused:
        said = refused.diagnostics
    assert graph.later or said == said_without_files(graph, options)
    if emitted is None:
        return TextRenderer(checked.sources).render(said)
    files = {name: content.decode() for name, content in emitted.files.items()}
    made = [name for name in files if name.startswith(("tables/", "files/batches/"))]
    shown = dict(EMITTED[target]) | dict.fromkeys(made, r"[\s\S]+")
    found = ""
    for name, part in shown.items():
        here = re.search(part, files[name], re.MULTILINE)
        found += f"== {name}\n{here[0] if here else ''}"
    # A digest hangs on all that a job is made from, which the rest shows.
    return TextRenderer(checked.sources).render(emitted.warnings) + re.sub(r"(digest=|\$')[0-9a-f]{64}", r"\1…", found)


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(CASES).with_suffix("")) for p in PAGES])
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The compiler says of the page's files what the page says."""
    text = page.read_text(encoding="utf-8")
    blocks = blocks_of(text)
    monkeypatch.chdir(tmp_path)
    checked = check(lay_out(blocks, tmp_path), options_of(blocks, tmp_path))
    wanted = [block for block in blocks if block.name in EXPECTED]
    assert wanted, "the page expects nothing"
    for block in reversed(wanted):
        found = actual(block.name, checked)
        if request.config.getoption("--accept"):
            text = text[: block.span[0]] + found + text[block.span[1] :]
        else:
            assert found == block.text
    assert all(d.help for d in checked.diagnostics), "a diagnostic does not say how to mend it"
    if request.config.getoption("--accept"):
        page.write_text(text, encoding="utf-8")


def test_every_fault_has_a_page() -> None:
    """Every kind of diagnostic that a check can give is shown on some page."""
    pages = "\n".join(page.read_text("utf-8") for page in PAGES)
    shown = set(re.findall(r"^(?:error|warning|remark)\[(SN\d+)\]", pages, re.MULTILINE))
    wanted = {code for code in catalogue() if code < "SN600"} - ELSEWHERE
    assert wanted - shown == set()


HEAVY = ("networkx", "snakemake", "duckdb", "rich", "jsonschema", "polars", "jinja2")


# Unlike its time, how often something is called does not hang on what else the machine does.
COUNTED = """\
import sys
calls = 0
def count(frame, event, argument):
    global calls
    calls += event in ("call", "c_call")
sys.setprofile(count)
from sncompile.api import check, refused
checked = check(sys.argv[1])
assert not checked.diagnostics and not refused(checked)
sys.setprofile(None)
print(*sys.modules)
print(calls)
"""


def test_a_check_loads_little(tmp_path: Path) -> None:
    """A check of a spec without faults loads none of the slow libraries and does little, to run on every save."""
    page = (CASES / "valid" / "map_broadcast_gather.md").read_text(encoding="utf-8")
    spec = lay_out(blocks_of(page), tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, spec], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    modules, calls = done.stdout.splitlines()
    assert [name for name in HEAVY if name in modules.split()] == []
    assert int(calls) < 310_000, "278,000 now, 79,000 of them to see whether the target can express it"


def test_every_pass_has_a_page() -> None:
    """Its remarks and the graph after it are shown in `tests/cases/passes/`, by a page that begins with its name."""
    pages = [page.stem for page in (CASES / "passes").glob("*.md")]
    without = [p.name for p in PASSES if not any(page == p.name or page.startswith(f"{p.name}_") for page in pages)]
    assert not without, f"write a page `tests/cases/passes/NAME.md` for {without}"

"""Compiling: a graph by table, the same graph with every step written out, and what others make of the same tasks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.bench.graphs import jobs_in, write_steps_spec, write_table_spec, write_trace
from tests.bench.measure import Case, Found, Meter
from tests.bench.sweep import Extent, sweep
from tests.traces import read_trace, spec_of

FORMS = Path(__file__).with_name("forms")
WFCOMMONS = ("Snakemake", "Nextflow", "CWL", "Makeflow")
"""Translators that are compared; the others of the package cost about the same."""

BY_TABLE = "sncompile, by table"
BY_STEPS = "sncompile, modules in files"
INLINE = "sncompile, modules in steps"
UNOPTIMIZED = "sncompile -O0, modules in files"
ONE_RULE = "one rule per job, written by a loop"


def parse_series(how: str, form: str) -> str:
    """The name of a series of the C parser: `how` is `events` or `document`, `form` that of the spec."""
    return f"C parse to {how}, {form}"


def by_table(meter: Meter, extent: Extent) -> list[Found]:
    """1,000 to 1,000,000 jobs over a table, and one rule per job for the same graph."""

    def cases(branches: int) -> Sequence[Case]:
        folder, jobs = meter.scratch / "table" / str(branches), jobs_in(branches)
        write_table_spec(folder, branches)
        out = folder / "out"
        return [
            Case(BY_TABLE, jobs, compile_command("table.yaml", out), folder, None, (out,), out),
            one_rule_case(folder, branches),
        ]

    return sweep(meter, extent, extent.table, cases)


def by_steps(meter: Meter, extent: Extent) -> list[Found]:
    """100 to 10,000 steps written out, beside the parse of the same text and what others make of the same tasks."""

    def cases(branches: int) -> Sequence[Case]:
        folder, jobs = meter.scratch / "steps" / str(branches), jobs_in(branches)
        write_steps_spec(folder, branches)
        trace = write_trace(folder, branches)
        (folder / "inline.yaml").write_text(spec_of(read_trace(trace), "inline"), "utf-8")
        found = [one_rule_case(folder, branches)]
        for series, spec, level in (
            (BY_STEPS, "steps.yaml", 1),
            (INLINE, "inline.yaml", 1),
            (UNOPTIMIZED, "steps.yaml", 0),
        ):
            out = folder / f"out_{level}_{spec}"
            found.append(Case(series, jobs, compile_command(spec, out, level), folder, None, (out,), out))
        for form, spec in (("modules in files", "steps.yaml"), ("modules in steps", "inline.yaml")):
            for how in ("events", "document"):
                command = (sys.executable, str(FORMS / "c_parse.py"), how, spec)
                found.append(Case(parse_series(how, form), jobs, command, folder))
        return [*found, *_wfcommons(folder, jobs)]

    return sweep(meter, extent, extent.steps, cases)


def _wfcommons(folder: Path, jobs: int) -> list[Case]:
    if find_spec("wfcommons") is None:
        return []
    found = []
    for name in WFCOMMONS:
        out = folder / f"wf_{name}"
        found.append(Case(f"WfCommons, {name}", jobs, translate_command(name, out), folder, None, (out,), out))
    return found


def translate_command(name: str, out: Path) -> tuple[str, ...]:
    """The command by which a translator of WfCommons makes a folder beside the trace that it reads."""
    return (sys.executable, str(FORMS / "wf_translate.py"), name, "trace.jsonl", out.name)


def compile_command(spec: str, out: Path, level: int = 1) -> tuple[str, ...]:
    """The command that compiles a spec into a folder."""
    return ("sncompile", "compile", spec, "-o", str(out), f"-O{level}")


def one_rule_case(folder: Path, branches: int, form: str = "emitted") -> Case:
    """Writing one rule per job, as generators do or `bare`. Makes the trace that it reads, if it is not there."""

    def prepare() -> None:
        if not (folder / "trace.jsonl").exists():
            write_trace(folder, branches)

    out = folder / "one_rule.smk"
    command = (sys.executable, str(FORMS / "one_rule.py"), form, "trace.jsonl", out.name)
    return Case(ONE_RULE, jobs_in(branches), command, folder, prepare, (out,), out)

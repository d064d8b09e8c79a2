"""`snakemake -n -q` on what was compiled, on what a person writes, and on one rule per job; and `sncompile plan`.

One rule per job is what generators emit (`forms/one_rule.py`): all outputs in `rule all`, as pipecraft and WfCommons
have them, and `{input}` and `{output}` in commands, as in pipecraft's. WfCommons' own Snakefile, which has the names of
files in its commands, and the barest that does the work are series of their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.bench.graphs import jobs_in, write_steps_spec, write_table_spec, write_trace
from tests.bench.group_compile import FORMS, compile_command, one_rule_case, translate_command
from tests.bench.measure import Case, Found, Meter
from tests.bench.sweep import Extent, sweep

STEPS_1 = "sncompile -O1, steps written out"
STEPS_0 = "sncompile -O0, steps written out"
TABLE_1 = "sncompile -O1, by table"
HAND = "written by hand"
BARE = "written by hand, bare"
ONE_RULE = "one rule per job"
ONE_BARE = "one rule per job, bare"
WFCOMMONS = "WfCommons, Snakemake"
PLAN = "sncompile plan, by table"

GOAL_BRANCHES = 2_000
"""The size at which one rule per job is measured whatever it takes: 10,001 jobs."""


def dry_run(meter: Meter, extent: Extent) -> list[Found]:
    """10 to 10,000 branches of five steps and a gather."""

    def cases(branches: int) -> Sequence[Case]:
        base = meter.scratch / "dry" / str(branches)

        def dry(series: str, name: str, snakefile: str, prepare: Callable[[Path], object]) -> Case:
            folder = base / name
            folder.mkdir(parents=True, exist_ok=True)
            must = series == ONE_RULE and branches == GOAL_BRANCHES
            command = ("snakemake", "--snakefile", snakefile, "-n", "-q")
            return Case(series, jobs_in(branches), command, folder, lambda: prepare(folder), must=must)

        def compiled(write: Callable[[Path, int], Path], level: int) -> Callable[[Path], object]:
            return lambda folder: meter.quietly(
                compile_command(write(folder, branches).name, folder / "out", level), folder
            )

        def by_hand(folder: Path) -> object:
            return write_table_spec(folder, branches)  # Its table is what the Snakefile reads.

        def one_rule(form: str) -> Callable[[Path], None]:
            def write(folder: Path) -> None:
                write_trace(folder, branches)
                meter.quietly(one_rule_case(folder, branches, form).command, folder)

            return write

        def translated(folder: Path) -> None:
            write_trace(folder, branches)
            shutil.rmtree(folder / "wf", ignore_errors=True)  # The translator wants to make it.
            meter.quietly(translate_command("Snakemake", folder / "wf"), folder)

        plan = base / "plan"
        plan.mkdir(parents=True, exist_ok=True)
        found = [
            dry(STEPS_1, "steps_1", "out/Snakefile", compiled(write_steps_spec, 1)),
            dry(TABLE_1, "table_1", "out/Snakefile", compiled(write_table_spec, 1)),
            dry(HAND, "hand", str(FORMS / "hand.smk"), by_hand),
            dry(STEPS_0, "steps_0", "out/Snakefile", compiled(write_steps_spec, 0)),
            dry(ONE_RULE, "one_rule", "one_rule.smk", one_rule("emitted")),
            dry(ONE_BARE, "one_bare", "one_rule.smk", one_rule("bare")),
            Case(PLAN, jobs_in(branches), ("sncompile", "plan", "table.yaml"), plan, lambda: by_hand(plan)),
        ]
        if branches <= GOAL_BRANCHES:
            found.insert(3, dry(BARE, "bare", str(FORMS / "bare.smk"), by_hand))
        if find_spec("wfcommons") is not None:
            found.append(dry(WFCOMMONS, "wfcommons", "wf/workflow.smk", translated))
        return found

    return sweep(meter, extent, extent.dry, cases)

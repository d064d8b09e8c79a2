"""A real run of tiny jobs: what the engine adds to what the jobs themselves take."""

from __future__ import annotations

from pathlib import Path

from tests.bench.graphs import CHAIN, branch_name, jobs_in, seed, write_table_spec
from tests.bench.group_compile import FORMS, compile_command
from tests.bench.measure import Case, Found, Meter
from tests.bench.sweep import Extent

RUN_1 = "snakemake, compiled with -O1"
RUN_2 = "snakemake, compiled with -O2"
OURS = "sncompile run, -O1"
HAND = "snakemake, written by hand"
SCRIPT = "the same commands as one script"


def run(meter: Meter, extent: Extent) -> list[Found]:
    """2,000 jobs, each a `cp` or an `echo`, on two cores; all leave the same list behind. Raises `Failed`."""
    branches = extent.run_jobs // len(CHAIN)
    jobs = jobs_in(branches)
    cases = []
    for series, name, snakefile in (
        (RUN_1, "level_1", "out/Snakefile"),
        (RUN_2, "level_2", "out/Snakefile"),
        (HAND, "hand", str(FORMS / "hand.smk")),
    ):
        folder = meter.scratch / "run" / name
        spec = write_table_spec(folder, branches)
        if series != HAND:
            meter.quietly(compile_command(spec.name, folder / "out", int(name[-1])), folder)
        command = ("snakemake", "--snakefile", snakefile, "--cores", "2", "-q", "all")
        cases.append(Case(series, jobs, command, folder, removed=_left_behind(folder)))
    folder = meter.scratch / "run" / "ours"
    words = ("sncompile", "run", write_table_spec(folder, branches).name, "-O1", "--cores", "2")
    cases.append(Case(OURS, jobs, words, folder, removed=(*_left_behind(folder), folder / "build", folder / "runs")))
    folder = meter.scratch / "run" / "script"
    cases.append(
        Case(SCRIPT, jobs, ("bash", "-e", _script(folder, branches)), folder, removed=_left_behind(folder))
    )  # fmt: skip
    found = meter.interleaved(cases, [max(1, extent.repeats - 1)] * len(cases))
    lists = {case.series: (case.folder / "results" / "gather" / "list.txt").read_text().count("\n") for case in cases}
    assert set(lists.values()) == {branches}, lists
    return found


def _left_behind(folder: Path) -> tuple[Path, ...]:
    return (folder / "results", folder / "logs", folder / ".snakemake")


def _script(folder: Path, branches: int) -> str:
    """A script with the commands of all jobs, and its name."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "jobs.sh").open("w") as file:
        file.write("mkdir -p results/gather\n")
        for number in range(branches):
            above = ""
            for step in CHAIN:
                place = f"results/{step}/{branch_name(number)}/number.txt"
                command = f"cp {above} {place}" if above else f"echo {seed(number)} > {place}"
                file.write(f"mkdir -p {place.rpartition('/')[0]}\n{command}\n")
                above = place
        file.write(
            f'for number in results/{CHAIN[-1]}/*/number.txt; do echo "$number"; done > results/gather/list.txt\n'
        )
    return "jobs.sh"

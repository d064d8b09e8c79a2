"""What somebody waits for who saves a small spec: `check`, beside `snakemake --lint` and both programs' start."""

from __future__ import annotations

import shutil
import sys
from importlib.resources import files
from pathlib import Path

from sncompile.api import check as checked
from sncompile.api import graph_of
from tests.bench.group_compile import compile_command
from tests.bench.measure import Case, Found, Meter
from tests.bench.sweep import Extent

CHECK = "sncompile check, variants example"
CHECK_INIT = "sncompile check, init's project"
REPEATS = 9
"""These take a fraction of a second, so they are run more often."""


def check(meter: Meter, extent: Extent) -> list[Found]:
    """Two small specs that are part of the package: the variants example, and what `sncompile init` writes."""
    folder = meter.scratch / "check"
    shutil.rmtree(folder, ignore_errors=True)
    example = Path(str(files("sncompile.specs"))) / "examples" / "variants"
    shutil.copytree(
        example, folder / "variants", ignore=shutil.ignore_patterns("build", "results", "logs", "runs", ".*")
    )
    meter.quietly(("sncompile", "init", "plants"), folder)
    specs = {CHECK: (folder / "variants", "variants.yaml"), CHECK_INIT: (folder / "plants", "pipeline.yaml")}
    cases = []
    for series, (place, spec) in specs.items():
        meter.quietly(compile_command(spec, place / "out"), place)
        jobs = graph_of(checked(place / spec).require()).job_count()
        cases.append(Case(series, jobs, ("sncompile", "check", spec), place))
        name = series.partition(", ")[2]
        dry = ("snakemake", "--snakefile", "out/Snakefile", "-n", "-q")
        cases.append(Case(f"snakemake -n -q, {name}", jobs, dry, place))
        # The examples name no container: lint says so, with code 1.
        lint = ("sh", "-c", "snakemake --snakefile out/Snakefile --lint || test $? = 1")
        cases.append(Case(f"snakemake --lint, {name}", jobs, lint, place))
    cases += [
        Case("sncompile --version", 0, ("sncompile", "--version"), folder),
        Case("snakemake --version", 0, ("snakemake", "--version"), folder),
        Case("python -c pass", 0, (sys.executable, "-c", "pass"), folder),
    ]
    return meter.interleaved(cases, [REPEATS if extent.repeats > 1 else 1] * len(cases))

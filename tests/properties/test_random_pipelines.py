"""Random specs: the compiler's jobs, a run by Snakemake and one by cwltool, held against an oracle of their own.

`SNCOMPILE_SPECS=5000` looks through so many specs; a seed that fails is told with its documents. To look for more, and
to make a spec small, see `specs/search.py`.
"""

from __future__ import annotations

import os

import pytest

from .specs.comparison import Difference, differences
from .specs.cwl_run import can_run
from .specs.known import cause
from .specs.model import Spec
from .specs.pipelines import make

FIRST = 20_000
"""The seed of the first spec: the same each time."""

ASKED = int(os.environ.get("SNCOMPILE_SPECS", "0"))
COMPARED = ASKED or 120
RUN = ASKED or 8
SCRIPTS = 2 * ASKED or 6
CWL = ASKED // 20
AT_ONCE = 20
"""So many specs are one test."""


def blocks(count: int) -> list[range]:
    """The seeds, some at a time."""
    return [range(FIRST + n, FIRST + min(n + AT_ONCE, count)) for n in range(0, count, AT_ONCE)]


def report(seed: int, spec: Spec, found: list[Difference]) -> str:
    """What went wrong, for people; empty where nothing did."""
    if not found:
        return ""
    causes = ", ".join(sorted({cause(difference, spec) for difference in found}))
    return "\n".join([f"seed {seed}: {causes}", spec.text(), *(str(difference)[:1000] for difference in found[:12])])


def all_of(seeds: range, level: int | None = None, *, script: bool = False, cwl: bool = False) -> str:
    """The reports of many specs: of their jobs, or of their runs at a level, as a script or not, or by cwltool."""
    told = []
    for seed in seeds:
        spec = make(seed)
        if cwl:
            found = differences(spec, levels=(), cwl=True)
        elif script:
            found = differences(spec, levels=(), scripts=(0, 1, 2))
        else:
            found = differences(spec) if level is None else differences(spec, levels=(), runs=(level,))
        told.append(report(seed, spec, found))
    return "\n\n".join(filter(None, told))


@pytest.mark.parametrize("seeds", blocks(COMPARED), ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_the_jobs_of_random_specs(seeds: range) -> None:
    """At all levels the jobs are the oracle's; and what has to be there before a run is what they read."""
    told = all_of(seeds)
    assert not told, told


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("seeds", blocks(RUN), ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_snakemake_runs_random_specs(seeds: range, level: int) -> None:
    """Snakemake calls what the oracle says, with the resources that it says, and the files hold what they should."""
    told = all_of(seeds, level)
    assert not told, told


@pytest.mark.parametrize("seeds", blocks(SCRIPTS), ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_bash_runs_random_specs(seeds: range) -> None:
    """The same by scripts of the bash target, at every level."""
    told = all_of(seeds, script=True)
    assert not told, told


@pytest.mark.skipif(not ASKED, reason="takes seconds for each spec: set SNCOMPILE_SPECS")
@pytest.mark.skipif(
    not can_run(), reason="needs cwltool (the extra `dev`) and Node.js, which evaluates its expressions"
)
@pytest.mark.parametrize("seeds", blocks(max(CWL, 1)), ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_cwltool_runs_random_specs(seeds: range) -> None:
    """The same by way of CWL."""
    told = all_of(seeds, cwl=True)
    assert not told, told

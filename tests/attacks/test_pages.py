"""Every page of `pages/` is an attack by the form of a spec or of the files around it, with what must come of it.

Pages are as those of `cases/`. `text outcome` holds the code that refuses the spec, or its beginning (`SN2`: some code
of that hundred), or `compiled`; with a target before it where targets differ. No compile may take more than 5 s, or
more than 1 GB, of a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ..test_cases import blocks_of, lay_out

PAGES = sorted((Path(__file__).parent / "pages").glob("*.md"))
SECONDS = 5
MEMORY = 2**30


def expected(text: str, target: str) -> str:
    """What a page says of a target."""
    lines = dict(line.split() for line in text.splitlines() if " " in line)
    return lines.get(target, text.strip())


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_page(page: Path, tmp_path: Path) -> None:
    """The outcome is the one that the page says, in time, and with no more memory than there may be."""
    blocks = blocks_of(page.read_text("utf-8"))
    outcome = next(block.text for block in blocks if block.name == "outcome")
    spec = tmp_path / lay_out([block for block in blocks if block.name != "outcome"], tmp_path)
    for target in ("snakemake", "cwl"):
        wanted = {"spec": str(spec), "target": target, "level": 1, "out": str(tmp_path / f"out-{target}")}
        told = limited(wanted)
        assert told.split(" ")[0].startswith(expected(outcome, target)), told
    assert not [p for p in tmp_path.rglob("*") if p.name == "pwned"]


def limited(wanted: dict[str, object]) -> str:
    """How a compile ends in a process with limits: 5 s of its time, and 1 GB beyond what Python's libraries map."""
    code = (
        "import resource, sys, json; from tests.attacks.audit import compile_one\n"
        "told = compile_one(json.loads(sys.argv[1]))\n"
        "print(json.dumps([told, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, json.dumps(wanted)], capture_output=True, text=True, env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + 5, SECONDS + 5)), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told, memory = json.loads(done.stdout)
    assert memory < MEMORY, f"{memory / 2**20:.0f} MB"
    assert isinstance(told, str)
    return told

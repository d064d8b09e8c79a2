"""Asks Snakemake which jobs an emitted folder stands for: a dry run of everything, in a folder of its own.

Run as `python -m sncompile.runner.dry_run EVENTS ARGUMENT…` it is Snakemake's command line with our log handler.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sncompile.runner.surroundings import python, surroundings

MOST_NAMED = 2_000
"""So many targets are named on the command line; where there are more, `all` has to lead to them."""

_TOLD = 8
"""So many of its last lines are told where Snakemake fails; a banner stands before them."""


class DryRunFailed(Exception):
    """Snakemake could not make sense of the files; the message is its own."""


def dry_run(
    snakefile: Path, working: Path, raw: Iterable[str], targets: Sequence[str], secrets: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """The `job_info` events of Snakemake for all jobs but `all`.

    `raw` are the files that no job writes: they are made, empty, in the folder `working`, which is for this purpose, so
    that the answer does not depend on what data is there. `targets` are files to ask for beside the pipeline's outputs.
    `secrets` are variables that the files ask for; here they may be empty.
    Raises `DryRunFailed`.
    """
    for path in raw:
        if not os.path.isabs(path):
            place = working / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
    with tempfile.TemporaryDirectory(prefix="sncompile-events-") as name:
        events = Path(name) / "events.jsonl"
        command = python(__name__, str(events), "--profile", "none", "--workflow-profile", "none")
        command += ["--snakefile", str(snakefile.resolve()), "--directory", str(working)]
        command += ["--dry-run", "--forceall", "--cores", "100000", "--nolock", "--quiet", "all"]
        # Snakemake takes a leading `./` off what it is asked for, and then knows no rule for it.
        named = [target for target in targets if not target.startswith("./")][:MOST_NAMED]
        if named:
            command += ["--", "all", *named]
        environment = {**dict.fromkeys(secrets, ""), **surroundings(os.environ).variables}
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", cwd=working, env=environment, check=False
        )
        if done.returncode:
            raise DryRunFailed("\n".join((done.stderr or done.stdout).strip().splitlines()[-_TOLD:]))
        told: list[dict[str, Any]] = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    return [event for event in told if event["event"] == "job_info" and event["rule_name"] != "all"]


def main(events: str, arguments: Sequence[str]) -> None:
    """Snakemake's command line, which writes its events to a file."""
    from snakemake.cli import main as snakemake
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    from sncompile.runner.engine_child import plugin

    LoggerPluginRegistry().register_plugin("sncompile", plugin(Path(events)))
    snakemake([*arguments[: arguments.index("--") if "--" in arguments else None], "--logger", "sncompile",
               *(arguments[arguments.index("--"):] if "--" in arguments else [])])  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

"""Asks Snakemake which jobs an emitted folder stands for: a dry run of everything, in a folder of its own.

Run as a program (`EVENTS TARGETS ARGUMENT…`) it is Snakemake's command line with our log handler; the targets stand in
a file, since a command line has no room for all of a large pipeline's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sncompile.ir.language.locations import is_url
from sncompile.targets.snakemake.engine.events import logger_plugin
from sncompile.targets.snakemake.engine.surroundings import python, surroundings
from sncompile.targets.snakemake.storage import PLACE, copy_of

_TOLD = 8
"""So many of its last lines are told where Snakemake fails; a banner stands before them."""


class DryRunFailed(Exception):
    """Snakemake could not make sense of the files; the message is its own."""


def can_be_asked(target: str) -> bool:
    """Whether Snakemake finds a file by this name: it takes a leading `./` off, and then knows no rule for it."""
    return not target.startswith("./")


def dry_run(
    snakefile: Path, working: Path, raw: Mapping[str, bool], targets: Sequence[str], secrets: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """The `job_info` events of Snakemake for all jobs but `all`.

    `raw` are the files that no job writes, and whether they are directories: they are made, empty, in the folder
    `working`, which is for this purpose, so that the answer does not depend on what data is there. `targets` are files
    to ask for beside the pipeline's outputs; those that cannot be asked for are left out.
    `secrets` are variables that the files ask for; here they may be empty.
    Raises `DryRunFailed`.
    """
    # Nobody is asked for what is elsewhere: its copies stand for it.
    urls = {copy_of(path): path for path in (*raw, *targets) if is_url(path)}
    for path, directory in raw.items():
        path = copy_of(path)
        if not os.path.isabs(path):
            folder = working / path if directory else (working / path).parent
            folder.mkdir(parents=True, exist_ok=True)
            (working / path).touch()
    with tempfile.TemporaryDirectory(prefix="sncompile-events-") as name:
        events = Path(name) / "events.jsonl"
        asked = Path(name) / "targets.json"
        asked.write_text(json.dumps([copy_of(target) for target in targets if can_be_asked(target)]))
        command = python(__name__, str(events), str(asked), "--profile", "none", "--workflow-profile", "none")
        command += ["--snakefile", str(snakefile.resolve()), "--directory", str(working)]
        command += ["--dry-run", "--forceall", "--cores", "100000", "--nolock", "--quiet", "all"]
        environment = {**dict.fromkeys(secrets, ""), **surroundings(os.environ).variables}
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", cwd=working, env=environment, check=False
        )
        if done.returncode:
            raise DryRunFailed("\n".join((done.stderr or done.stdout).strip().splitlines()[-_TOLD:]))
        told: list[dict[str, Any]] = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    found = [event for event in told if event["event"] == "job_info" and event["rule_name"] != "all"]
    return [_with_urls(event, urls) for event in found] if urls else found


def _with_urls(event: dict[str, Any], urls: Mapping[str, str]) -> dict[str, Any]:
    """An event that tells URLs in the place of their copies."""
    shell = str(event.get("shellcmd") or "")
    for copy in sorted(urls, key=len, reverse=True) if PLACE in shell else ():
        shell = shell.replace(copy, urls[copy])
    named = {side: [urls.get(path, path) for path in event[side]] for side in ("input", "output")}
    return {**event, **named, "shellcmd": shell}


def _stand_in(registry: Any, query: Any, *_: object, **__: object) -> Any:
    """What Snakemake takes for a URL: its copy, as a file like any other."""
    return [_stand_in(registry, each) for each in query] if isinstance(query, list) else copy_of(query)


def main(events: str, targets: str, arguments: Sequence[str]) -> None:
    """Snakemake's command line, which writes its events to a file and takes more targets from another."""
    from snakemake.cli import main as snakemake
    from snakemake.storage import StorageRegistry
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    StorageRegistry._storage_object = _stand_in
    StorageRegistry.register_storage = lambda *_, **__: None
    LoggerPluginRegistry().register_plugin("sncompile", logger_plugin(Path(events)))
    snakemake([*arguments, "--logger", "sncompile", "--", "all", *json.loads(Path(targets).read_text())])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])

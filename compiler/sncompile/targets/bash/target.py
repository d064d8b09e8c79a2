"""The bash target as others see it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from sncompile.faults import targets as faults
from sncompile.ir.graph.model import Graph
from sncompile.lowering.features import Feature
from sncompile.lowering.model import Lowered
from sncompile.targets.bash.reading import differences
from sncompile.targets.bash.script import SCRIPT, script_of
from sncompile.targets.emitted import Emitted, executables, module_files
from sncompile.targets.target import NOT_HEEDED, NoOptions, Refusal, Target


class BashTarget(Target[NoOptions]):
    """A script for bash 4.4 and newer, which needs no engine and runs its jobs on one machine."""

    name = "bash"
    title = "bash 4.4"
    features: ClassVar[Mapping[Feature, str]] = {
        Feature.OPTIONAL_OUTPUTS: "a look at what is there",
        Feature.VALUES: "read before the command",
        Feature.SECRETS: "from the caller's environment",
        Feature.RETRIES: "a loop",
        Feature.PRIORITIES: "the higher the sooner",
        Feature.RUN_TIME: "awk",
        Feature.LATE_WORDS: "awk",
        Feature.TEMPORARY: "deleted when nobody needs them any more",
        Feature.PROTECTED: "chmod",
        Feature.PROTECTED_FOLDERS: "chmod",
        Feature.LIST_FILES: "written before the command",
        Feature.OWN_INSTANCES: "one after the other",
        Feature.CHECKS: "after the command",
        Feature.BATCHES: "a job for each instance",
        Feature.LOCAL_JOBS: "all are",
    }

    resources: ClassVar[Mapping[str, str]] = {
        "cpus": "so many of -j are taken",
        "memory": NOT_HEEDED,
        "disk": NOT_HEEDED,
        "time": NOT_HEEDED,
    }

    refusals: ClassVar[Mapping[Feature | str, Refusal]] = {
        Feature.LATE_KEYS: Refusal(
            faults.NO_LATE_KEYS,
            "`{task}` follows from rows of `{what}`, which are known once a step has run: bash has no words for that",
            "run it with `sncompile run`, or compile to Snakemake",
        ),
        Feature.FETCHED: Refusal(
            faults.NO_SERVERS,
            "the input `{task}.{what}` is fetched from elsewhere, which bash does not do",
            "fetch it before, and name the file",
        ),
        Feature.SUMS: Refusal(
            faults.LACKING,
            "what the input `{task}.{what}` must hold (`sha256`) is not looked at by the target bash",
            "compile to Snakemake, or look at it in a step",
        ),
        Feature.SENT: Refusal(
            faults.NO_SERVERS,
            "the output `{task}.{what}` is sent elsewhere, which bash does not do",
            "write it to this machine",
        ),
    }

    def lower(self, lowered: Lowered, out: Path, options: NoOptions) -> Emitted:
        """The script, and the files of the modules."""
        text = script_of(lowered, os.path.relpath(lowered.folder, out))
        files = {SCRIPT: text.encode("utf-8", "surrogateescape")} | {
            f"files/{name}": content for name, content in module_files(lowered).items()
        }
        count = sum(map(len, lowered.wanted.values()))
        summary = f"{count:,} job{'' if count == 1 else 's'}; script of {text.count(chr(10)):,} lines"
        return Emitted(files, summary, executable=executables(lowered))

    def verify(self, graph: Graph, out: Path) -> Sequence[str]:
        """bash itself tells each job's words, which are compared with those of the graph."""
        return differences(graph, out)

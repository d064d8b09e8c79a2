"""The bash target as others see it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from sncompile.ir.graph.model import Graph
from sncompile.lowering.features import Feature
from sncompile.lowering.model import Lowered
from sncompile.targets.bash.reading import differences
from sncompile.targets.bash.script import SCRIPT, script_of
from sncompile.targets.emitted import Emitted, executables, module_files
from sncompile.targets.target import NOT_HEEDED, NoOptions, Target


class BashTarget(Target[NoOptions]):
    """A script for bash 4.4 and newer, which needs no engine and runs its jobs on one machine."""

    name = "bash"
    title = "bash 4.4"
    features: ClassVar[Mapping[Feature, str]] = {
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

"""The Snakemake target as others see it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple

from sncompile.diagnostics import CompileError, Diagnostic, Report
from sncompile.faults import targets as faults
from sncompile.ir.graph.model import Graph
from sncompile.lowering.features import Feature
from sncompile.lowering.model import Lowered
from sncompile.targets.emitted import Emitted, executables
from sncompile.targets.snakemake.batching import with_batches
from sncompile.targets.snakemake.late import READER, reader_text
from sncompile.targets.snakemake.model import Workflow, texts
from sncompile.targets.snakemake.names import RESOURCES
from sncompile.targets.snakemake.workflow import workflow_of
from sncompile.targets.target import Engine, Target


class SnakemakeOptions(NamedTuple):
    """`benchmark` has Snakemake measure every job. `containers` names what runs images in the place of Apptainer."""

    benchmark: bool = False
    containers: Engine | None = None


class SnakemakeTarget(Target[SnakemakeOptions]):
    """Snakefiles for Snakemake 9, which run where sncompile is not installed."""

    name = "snakemake"
    title = "Snakemake 9"
    options = SnakemakeOptions
    features: ClassVar[Mapping[Feature, str]] = {
        Feature.OPTIONAL_OUTPUTS: "a mark for each job, and a look at what is there",
        Feature.VALUES: "read by functions of input",
        Feature.CONTAINERS: "container:, or a script for Docker and podman",
        Feature.NETWORK: "in Docker and podman; Apptainer has it anyway",
        Feature.CONDA: "conda:",
        Feature.SECRETS: "from the caller's environment",
        Feature.SECRETS_IN_CONTAINERS: "from the caller's environment",
        Feature.RETRIES: "retries:",
        Feature.PRIORITIES: "priority:",
        Feature.RUN_TIME: "functions of input and attempt",
        Feature.LATE_WORDS: "{resources.…} in shell:",
        Feature.TEMPORARY: "temp()",
        Feature.PROTECTED: "protected()",
        Feature.PROTECTED_FOLDERS: "protected()",
        Feature.LIST_FILES: "written in shell:",
        Feature.OWN_INSTANCES: "input functions",
        Feature.CHECKS: "ensure(), and a count of files in the job",
        Feature.BATCHES: "a script, and a mark for each batch",
        Feature.LOCAL_JOBS: "localrule:",
        Feature.LATE_KEYS: "checkpoint:",
        Feature.FETCHED: "storage plugins",
        Feature.SUMS: "before the command",
        Feature.SENT: "storage plugins",
    }
    resources: ClassVar[Mapping[str, str]] = {"cpus": "threads:", **RESOURCES}

    def prepare(self, graph: Graph, out: Path) -> Graph:
        """The graph with batches in the place of their instances: Snakemake knows nothing of such."""
        return with_batches(graph, self.place(graph, out))

    def lower(self, lowered: Lowered, out: Path, options: SnakemakeOptions) -> Emitted:
        """The files of a pipeline. Raises `CompileError` for what Snakemake cannot express."""
        from sncompile.targets.snakemake.profiles import profile_files
        from sncompile.targets.snakemake.render import render_sidecar, render_snakefile
        from sncompile.targets.snakemake.report import captions
        from sncompile.targets.snakemake.source_map import NAME, place_from, source_map

        workflow, warnings = _workflow(lowered, options)
        text = render_snakefile(workflow, os.path.relpath(out / "Snakefile", lowered.folder))
        place = place_from(lowered, Path.cwd())
        texts = {"Snakefile": text, NAME: source_map(workflow, text, place)}
        texts |= {f"tables/{s.name}.tsv": render_sidecar(s) for s in workflow.sidecars if s.columns}
        emitted = {name: text.encode() for name, text in texts.items()}
        emitted |= {f"files/{name}": content for name, content in workflow.files.items()}
        late = lowered.features.get(Feature.LATE_KEYS, ())
        if late:
            emitted[READER] = reader_text().encode()
        emitted |= {**captions(lowered, workflow.marked), **profile_files(workflow)}
        lines = text.count("\n")
        counts = ((len(workflow.rules), "rule"), (lowered.job_count(), "job"))
        rules, jobs = (f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts)
        # How many jobs there are is not known before those of checkpoints have run.
        jobs = f"jobs that `{late[0].what}` says" if late else jobs
        summary = f"{rules} for {jobs}; Snakefile of {lines} lines"
        return Emitted(emitted, summary, warnings, executables(lowered))

    def remarks(self, lowered: Lowered, out: Path, options: SnakemakeOptions) -> tuple[Diagnostic, ...]:
        """What `lower` would say: templates are not loaded for it."""
        return _workflow(lowered, options)[1]

    def read_back(self, graph: Graph, emitted: Emitted, out: Path) -> list[str]:
        """What differs between the graph and its files, of some jobs of a large pipeline."""
        from sncompile.targets.snakemake.reading_back import read_back

        return read_back.differences(graph, emitted.files, out)

    def verify(self, graph: Graph, out: Path) -> list[str]:
        """Snakemake reads its files itself, in a folder of its own and with no job."""
        from sncompile.targets.snakemake.engine.verification import differences

        return differences(graph, out)


def _workflow(lowered: Lowered, options: SnakemakeOptions) -> tuple[Workflow, tuple[Diagnostic, ...]]:
    """The Snakefile of a pipeline, as data, with warnings. Raises `CompileError` for what cannot be expressed."""
    report = Report()
    workflow = workflow_of(lowered, report, benchmark=options.benchmark, containers=options.containers)
    if report.failed:
        raise CompileError(report.diagnostics())
    for text in texts(workflow):
        if text.isascii():
            continue
        try:
            text.encode()
        except UnicodeEncodeError as error:
            line = text[text.rfind("\n", 0, error.start) + 1 :].partition("\n")[0]
            shown = line.encode("utf-8", "backslashreplace").decode()
            told = faults.NOT_TEXT.at(lowered.span, f"`{shown}` is no text", help="rename the file, in UTF-8")
            raise CompileError([told]) from None
    return workflow, report.diagnostics()

"""The CWL target as others see it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from sncompile.diagnostics import CompileError, Report
from sncompile.faults import targets as faults
from sncompile.ir.graph.model import Graph
from sncompile.lowering.features import Feature
from sncompile.lowering.model import Lowered
from sncompile.targets.cwl.model import JOB, WORKFLOW
from sncompile.targets.cwl.places import Places
from sncompile.targets.cwl.render import render_document, render_job, support
from sncompile.targets.cwl.settings import RESOURCES
from sncompile.targets.cwl.verify import differences, differences_in
from sncompile.targets.cwl.workflow import lower_pipeline
from sncompile.targets.emitted import Emitted, executables, module_files
from sncompile.targets.target import NoOptions, Refusal, Target

READ_BACK = 1_000
"""Documents of so many jobs are read back on every compile: reading takes longer than writing."""


class CwlTarget(Target[NoOptions]):
    """Workflows of the Common Workflow Language, which run where sncompile is not installed."""

    name = "cwl"
    title = "CWL v1.2"
    features: ClassVar[Mapping[Feature, str]] = {
        Feature.CONTAINERS: "DockerRequirement",
        Feature.NETWORK: "NetworkAccess",
        Feature.SECRETS: "from the caller's environment",
        Feature.RETRIES: "left to the engine",
        Feature.PRIORITIES: "left to the engine",
        Feature.RUN_TIME: "expressions of the sizes of files; every attempt is the first",
        Feature.TEMPORARY: "not among the results",
        Feature.PROTECTED: "read-only",
        Feature.LIST_FILES: "File literals",
        Feature.CHECKS: "in the job's script",
        Feature.BATCHES: "a job for each instance",
        Feature.LOCAL_JOBS: "left to the engine",
    }
    resources: ClassVar[Mapping[str, str]] = {
        name: field if requirement == "ResourceRequirement" else requirement
        for name, (requirement, field) in RESOURCES.items()
    }
    refusals: ClassVar[Mapping[Feature | str, Refusal]] = {
        Feature.LATE_KEYS: Refusal(
            faults.NO_LATE_KEYS,
            "`{task}` follows from rows of `{what}`, which are known once a step has run: CWL has no words for that",
            "run it with `sncompile run`, or compile to Snakemake",
        ),
        Feature.CONDA: Refusal(
            faults.CWL_CONDA,
            "`{task}` runs in a conda environment, which CWL cannot express",
            "give it a container instead",
        ),
        Feature.SECRETS_IN_CONTAINERS: Refusal(
            faults.CWL_SECRET,
            "the secret {what} of `{task}` would be seen, as the step runs in a container",
            "run the step without a container, or compile to Snakemake",
        ),
        Feature.FETCHED: Refusal(
            faults.NO_SERVERS,
            "the input `{task}.{what}` is fetched from elsewhere, which CWL does not do",
            "fetch it before, and name the file",
        ),
        Feature.SUMS: Refusal(
            faults.LACKING,
            "what the input `{task}.{what}` must hold (`sha256`) is not looked at by the target CWL",
            "compile to Snakemake, or look at it in a step",
        ),
        Feature.SENT: Refusal(
            faults.NO_SERVERS,
            "the output `{task}.{what}` is sent elsewhere, which CWL does not do",
            "write it to this machine",
        ),
        "gpus": Refusal(
            faults.CWL_GPUS, "`{task}` needs GPUs, which CWL v1.2 cannot express", "leave `gpus` out for CWL"
        ),
        Feature.OPTIONAL_OUTPUTS: Refusal(
            faults.CWL_OPTIONAL, "the output `{task}.{what}` is optional, which CWL cannot express", "drop the `?`"
        ),
        Feature.PROTECTED_FOLDERS: Refusal(
            faults.CWL_PROTECTED,
            "the output `{task}.{what}` is a protected directory, which CWL cannot express",
            "drop `protected`",
        ),
        Feature.LATE_WORDS: Refusal(
            faults.CWL_RUN_TIME,
            "the command of `{task}` names a resource that is computed from sizes of files",
            "give the tool a parameter of its own",
        ),
        "benchmark": Refusal(faults.CWL_BENCHMARK, "CWL cannot have jobs measured", "drop `--benchmark`"),
        "containers": Refusal(
            faults.CWL_CONTAINERS, "CWL engines choose themselves what runs containers", "drop `--containers`"
        ),
    }

    def stage(self, paths: Iterable[str]) -> Callable[[str], str]:
        """In the folder of a job, which holds what lies outside of the working folder, too."""
        return Places(paths).of

    def place(self, graph: Graph, out: Path) -> str:
        """In the folder that each job has for itself."""
        return f"build/{graph.name}/files"

    def lower(self, lowered: Lowered, out: Path, options: NoOptions) -> Emitted:
        """The files of a graph. Raises `CompileError` for what CWL cannot express."""
        report = Report()
        document = lower_pipeline(lowered, os.path.relpath(lowered.folder, out), report)
        for task in lowered.tasks.values():
            if task.retries:
                message = f"`{task.name}` is tried once: CWL has no word for `retries`"
                help = "most engines have an option for it, such as `--retryCount` of Toil"
                report.add(faults.CWL_RETRIES.at(task.span, message, help=help))
        texts = {WORKFLOW: render_document(document), JOB: render_job(document.job)}
        emitted = {name: _encoded(text, lowered, report) for name, text in texts.items()} | support()
        if report.failed:
            raise CompileError(report.diagnostics())
        emitted |= {f"files/{name}": content for name, content in module_files(lowered).items()}
        counts = ((len(document.tools), "tool"), (document.jobs, "job"))
        tools, jobs = (f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts)
        lines = texts[WORKFLOW].count("\n")
        summary = f"{tools} for {jobs}; workflow of {lines} lines"
        return Emitted(emitted, summary, report.diagnostics(), executables(lowered))

    def read_back(self, graph: Graph, emitted: Emitted, out: Path) -> list[str]:
        """What differs between the graph and its files; of more than `READ_BACK` jobs only `--verify` says it."""
        return differences(graph, emitted.files, out) if graph.job_count() <= READ_BACK else []

    def verify(self, graph: Graph, out: Path) -> list[str]:
        """What reads the files back is ours, as no engine of CWL tells its jobs without running them."""
        return differences_in(graph, out)


def _encoded(text: str, lowered: Lowered, report: Report) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        shown = text[max(error.start - 20, 0) : error.end + 20].encode("utf-8", "backslashreplace").decode()
        report.add(faults.CWL_TEXT.at(lowered.span, f"`{shown}` is no text", help="rename the file, in UTF-8"))
        return b""

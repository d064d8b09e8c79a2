"""The CWL target as others see it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sncompile.diagnostics import CompileError, Report
from sncompile.faults import targets as faults
from sncompile.ir.graph.model import Graph
from sncompile.targets.cwl.model import JOB, WORKFLOW
from sncompile.targets.cwl.render import render_document, render_job, support
from sncompile.targets.cwl.verify import differences
from sncompile.targets.cwl.workflow import lower_graph
from sncompile.targets.emitted import Emitted, module_files
from sncompile.targets.target import Engine

READ_BACK = 1_000
"""Documents of so many jobs are read back on every compile: reading takes longer than writing."""


class CwlTarget:
    """Workflows of the Common Workflow Language, which run where sncompile is not installed."""

    name = "cwl"
    title = "CWL v1.2"
    capabilities: Mapping[str, str] = {
        "command": "yes",
        "shell": "yes",
        "python, script, notebook": "as commands",
        "container": "DockerRequirement",
        "conda": "no",
        "environment variables": "EnvVarRequirement; secrets from the caller's, without a container",
        "resources": "ResourceRequirement, ToolTimeLimit; no GPUs",
        "sizes and attempts": "expressions of the sizes of files; every attempt is the first",
        "retries": "left to the engine",
        "temp, protected": "temp is not among the results; protected files are read-only",
        "directories": "Directory",
        "success": "in the job's script",
        "order without data": "inputs that say what is done",
        "paths without a common name": "yes",
        "batches": "a job for each instance",
        "optional outputs": "no",
        "braces in paths": "yes",
        "URLs as files": "no",
    }

    def lower(self, graph: Graph, out: Path, *, benchmark: bool = False, containers: Engine | None = None) -> Emitted:
        """The files of a graph. Raises `CompileError` for what CWL cannot express."""
        report = Report()
        if benchmark:
            report.add(faults.CWL_BENCHMARK.at(graph.span, "CWL cannot have jobs measured", help="drop `--benchmark`"))
        document = lower_graph(graph, os.path.relpath(graph.folder, out), report)
        for family in graph.families.values():
            if family.retries:
                message = f"`{family.name}` is tried once: CWL has no word for `retries`"
                help = "most engines have an option for it, such as `--retryCount` of Toil"
                report.add(faults.CWL_RETRIES.at(family.span, message, help=help))
        if containers is not None:
            message, help = "CWL engines choose themselves what runs containers", "drop `--containers`"
            report.add(faults.CWL_CONTAINERS.at(graph.span, message, help=help))
        texts = {WORKFLOW: render_document(document), JOB: render_job(document.job)}
        emitted = {name: _encoded(text, graph, report) for name, text in texts.items()} | support()
        if report.failed:
            raise CompileError(report.diagnostics())
        emitted |= {f"files/{name}": content for name, content in module_files(graph).items()}
        counts = ((len(document.tools), "tool"), (document.jobs, "job"))
        tools, jobs = (f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts)
        lines = texts[WORKFLOW].count("\n")
        summary = f"{tools} for {jobs}; workflow of {lines} lines"
        return Emitted(emitted, summary, report.diagnostics())

    def read_back(self, graph: Graph, emitted: Emitted, out: Path) -> list[str]:
        """What differs between the graph and its files; of more than `READ_BACK` jobs only `--verify` says it."""
        return differences(graph, emitted.files, out) if graph.job_count() <= READ_BACK else []


def _encoded(text: str, graph: Graph, report: Report) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        shown = text[max(error.start - 20, 0) : error.end + 20].encode("utf-8", "backslashreplace").decode()
        report.add(faults.CWL_TEXT.at(graph.span, f"`{shown}` is no text", help="rename the file, in UTF-8"))
        return b""

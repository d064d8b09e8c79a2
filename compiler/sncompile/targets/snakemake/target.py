"""The Snakemake target as others see it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sncompile.diagnostics import CompileError, Report
from sncompile.faults import targets as faults
from sncompile.ir.graph.model import Graph
from sncompile.targets.emitted import Emitted
from sncompile.targets.snakemake.profiles import profile_files
from sncompile.targets.snakemake.reading_back.read_back import differences
from sncompile.targets.snakemake.render import render_sidecar, render_snakefile
from sncompile.targets.snakemake.source_map import NAME, place_from, source_map
from sncompile.targets.snakemake.workflow import lower_graph
from sncompile.targets.target import Engine


class SnakemakeTarget:
    """Snakefiles for Snakemake 9, which run where sncompile is not installed."""

    name = "snakemake"
    title = "Snakemake 9"
    capabilities: Mapping[str, str] = {
        "command": "yes",
        "shell": "yes",
        "python, script, notebook": "as commands",
        "container": "container:, or a script for Docker and podman",
        "conda": "conda:",
        "environment variables": "exported in the job; secrets from the caller's",
        "resources": "threads:, mem_mb, disk_mb, runtime, gpu",
        "sizes and attempts": "functions of input and attempt",
        "retries": "retries:",
        "temp, protected": "temp(), protected()",
        "directories": "directory()",
        "success": "ensure(), and a count of files in the job",
        "order without data": "ancient() inputs",
        "paths without a common name": "a mark beside them",
        "batches": "a script, and a mark for each batch",
        "optional outputs": "no",
        "braces in paths": "no",
        "URLs as files": "no",
    }

    def lower(self, graph: Graph, out: Path, *, benchmark: bool = False, containers: Engine | None = None) -> Emitted:
        """The files of a graph. Raises `CompileError` for what Snakemake cannot express."""
        report = Report()
        files = os.path.relpath(out / "files", graph.folder)
        workflow = lower_graph(graph, files, report, benchmark=benchmark, containers=containers)
        if report.failed:
            raise CompileError(report.diagnostics())
        text = render_snakefile(workflow)
        place = place_from(graph, Path.cwd())
        texts = {"Snakefile": text, NAME: source_map(workflow, text, place)}
        texts |= {f"tables/{s.name}.tsv": render_sidecar(s) for s in workflow.sidecars}
        emitted = {name: _encoded(text, graph) for name, text in texts.items()}
        emitted |= {f"files/{name}": content for name, content in workflow.files.items()}
        emitted |= profile_files(workflow)
        lines = text.count("\n")
        counts = ((len(workflow.rules), "rule"), (graph.job_count(), "job"))
        rules, jobs = (f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts)
        summary = f"{rules} for {jobs}; Snakefile of {lines} lines"
        return Emitted(emitted, summary)

    def read_back(self, graph: Graph, emitted: Emitted, out: Path) -> list[str]:
        """What differs between the graph and its files, of some jobs of a large pipeline."""
        return differences(graph, emitted.files, out)


def _encoded(text: str, graph: Graph) -> bytes:
    """Raises `CompileError` for a text that holds the name of a file which is not UTF-8."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        shown = text[max(error.start - 20, 0) : error.end + 20].encode("utf-8", "backslashreplace").decode()
        told = faults.NOT_TEXT.at(graph.span, f"`{shown.strip()}` is no text", help="rename the file, in UTF-8")
        raise CompileError([told]) from None

"""What Snakemake's report shows: its outputs, with captions that stand in files beside the Snakefile."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from sncompile.diagnostics.text import visible
from sncompile.ir.graph.shown import Shown
from sncompile.lowering.model import Lowered
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.python_code import Call, Code, Keyword, string


def caption_file(step: str, port: str) -> str:
    """Where the caption of an output stands."""
    return f"captions/{step}.{port}.rst"


def captions(lowered: Lowered, marked: Collection[str]) -> dict[str, bytes]:
    """The captions of all outputs that the file has; of `marked` steps it has none."""
    return {
        caption_file(name, port): _caption_text(output.report.caption).encode()
        for name in lowered.written
        if name not in marked
        for port, output in lowered.tasks[name].outputs.items()
        if output.report is not None and output.report.caption
    }


def _caption_text(caption: str) -> str:
    """A caption as reStructuredText, and as a template, in which no sign of it means anything."""
    return re.sub(r"([^\w\s])", r"\\\1", visible(caption)) + "\n"


def reported(path: Code, shown: Shown, caption: str, keys: Mapping[str, str]) -> Code:
    """The output with what the report says of it; `keys` are those of its job, by the names of their wildcards."""
    labels = {**{key: f"{{{wildcard}}}" for key, wildcard in keys.items()}, **dict(shown.labels)}
    said = [
        *([Keyword("caption", string(caption))] if shown.caption else []),
        *([Keyword("category", string(shown.category))] if shown.category else []),
        *([Keyword("labels", Call("dict", tuple(_label(*each) for each in labels.items())))] if labels else []),
    ]
    return Call("report", (path, *said))


def _label(name: str, value: str) -> Keyword:
    return Keyword(item_name(name), string(value))

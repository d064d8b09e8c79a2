"""Scripts that were written for Snakemake: what they find in the object `snakemake`, as words of a command.

    script: {file: count.py, object: snakemake}   python snakemake_object.py count.py input.bam:file =a.bam …

A word names an item and its type; those after it that begin with `=` are its values (`templates/support`). So a script
runs with every target, in whatever container, and neither Snakemake nor a library for JSON has to be there.

Decision 0079.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sncompile.diagnostics import Span
from sncompile.ir.graph.commands import Argument
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.types import BOOLEAN, INTEGER, NULL, STRING
from sncompile.ir.values.model import Apply, Choice, Const, Key, Local, Text, Value

OBJECTS: Mapping[str, str] = {"python": "snakemake_object.py", "Rscript": "snakemake_object.R"}
"""What runs such a script, by its interpreter: a file of ours."""

_SPACES = {"inputs": "input", "outputs": "output", "params": "params"}
RESOURCES = {"memory": "mem_mb", "disk": "disk_mb", "time": "runtime", "gpus": "gpu"}
"""What a script finds a resource as: what rules call it (`targets/snakemake/names.py`)."""


def member_words(members: Iterable[tuple[str, Local]]) -> Iterator[Argument]:
    """The words for ports and parameters of a module."""
    for name, local in members:
        kind = f"{local.type.base}{'[]' if local.type.many else ''}"
        yield from _item(f"{_SPACES[local.space]}.{name}:{kind}", local)


def job_words(step: str, keys: KeySet, resources: Iterable[str], span: Span) -> Iterator[Argument]:
    """The words for what a step has: its name, its keys, and what it asks for."""
    yield from _item("job.rule:string", Const(step, STRING, span))
    for key in keys.by:
        yield from _item(f"wildcards.{key}:string", Key(keys, key, False, STRING, span))
    for name in resources:
        item = "job.threads" if name == "cpus" else f"resources.{RESOURCES.get(name, name)}"
        yield from _item(f"{item}:number", Local("resources", name, INTEGER, span))


def _item(head: str, value: Value) -> Iterator[Argument]:
    span = value.span
    start = Const("=", STRING, span)
    yield Const(head, STRING, span)
    if value.type.many:
        yield Apply("@prefixed", (value, start), STRING._replace(many=True, optional=value.type.optional), span)
        return
    word = Text((start, value), STRING, span)
    if value.type.optional:
        nothing = Const(None, NULL, span)
        yield Choice(Apply("!=", (value, nothing), BOOLEAN, span), word, nothing, STRING._replace(optional=True), span)
    else:
        yield word

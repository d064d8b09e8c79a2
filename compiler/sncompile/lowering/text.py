"""The text form of the lowered model (`--emit lowered`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sncompile.diagnostics.text import visible
from sncompile.lowering.expressions import expression_text
from sncompile.lowering.files import (
    CellOf,
    Computed,
    Either,
    Files,
    Fixed,
    Form,
    Joined,
    Listed,
    OutputOf,
    Seen,
    Traced,
)
from sncompile.lowering.model import Column, Input, Lowered, Output, Task
from sncompile.lowering.pieces import Amount, Cell, Constant, Given, Key, Late, ModuleFile, Object, Piece, Port, Word

_SHOWN = 3
"""Of a column so many cells are shown."""


def lowered_text(lowered: Lowered) -> str:
    """The whole model as text, ending in a newline. The same model always gives the same text."""
    lines = [f"lowered {lowered.name} ({len(lowered.tasks)} tasks, {lowered.job_count()} jobs)"]
    for task in lowered.tasks.values():
        lines += ["", *_task_lines(lowered, task)]
    lines += ["", "outputs"]
    for name, promised in lowered.outputs.items():
        lines.append(f"  {name} = {'absent' if promised.paths is None else _shown(promised.paths)}")
    lines += ["", "needs"]
    for feature, uses in lowered.features.items():
        tasks = ", ".join(dict.fromkeys(use.task for use in uses))
        lines.append(f"  {feature.value}: {tasks}")
    for name, uses in lowered.resources.items():
        lines.append(f"  {name}: {', '.join(use.task for use in uses)}")
    return "\n".join(lines) + "\n"


def piece_text(piece: Piece) -> str:
    """A piece of a word or path: text as it is, anything else between `{` and `}`."""
    match piece:
        case Constant():
            return piece.text.replace("{", "{{").replace("}", "}}")
        case Key():
            return f"{{key {piece.name}}}" if piece.encoded else f"{{key {piece.name} as it is}}"
        case Cell():
            return f"{{column {piece.column}}}"
        case Port():
            return f"{{{piece.space}.{piece.name}}}"
        case ModuleFile():
            return f"{{file {piece.name}}}"
        case Amount():
            return f"{{resources.{piece.resource}}}"
        case Late():
            return f"{{late {expression_text(piece.expression)}}}"
        case Object():
            return f"{{object {', '.join(f'{name}: {piece_text(each)}' for name, each in piece.members)}}}"
        case Given():
            return json.dumps(piece.value, ensure_ascii=False)


def word_text(word: Word) -> str:
    """A word; `...` stands behind one that is as many arguments as its list has items."""
    text = "".join(map(piece_text, word.pieces))
    lead = f"{word.lead}, then " if word.lead else ""
    return f"{lead}{f'{word.before} ' if word.before else ''}{text}{' ...' if word.each else ''}"


def _task_lines(lowered: Lowered, task: Task) -> Iterator[str]:
    yield f"task {task.name} [{', '.join(task.by)}] x {len(task)}"
    yield f"  at {visible(task.span.file)}:{task.span.line}"
    for column in task.columns.values():
        yield f"  column {column.name} = {_column_text(column)}"
    for name, port in task.inputs.items():
        yield f"  in {name}: {_port_text(port)}{_source_text(port.files)}"
    for name, output in task.outputs.items():
        flags = [flag for flag in ("optional", "temp", "protected", "create", "report") if getattr(output, flag)]
        yield f"  out {name}: {_port_text(output)}{''.join(f' {flag}' for flag in flags)}"
    for name, listed in task.lists.items():
        held = " ".join(map(word_text, listed.words))
        yield f"  list {name}: {held} with {json.dumps(listed.ended_by)} in {word_text(listed.path)}"
    if task.command is not None:
        yield "  command"
        yield from (f"    {word_text(word)}" for word in task.command)
    if task.script is not None:
        yield "  script"
        text = "".join(p.replace("{", "{{").replace("}", "}}") if isinstance(p, str) else " ".join(map(word_text, p))
                       for p in task.script)  # fmt: skip
        yield from (f"    {line}" for line in text.splitlines())
    if task.image is not None:
        yield f"  image {piece_text(task.image)}"
    for variable in task.variables:
        yield f"  variable {variable.name} = {'***' if variable.value is None else word_text(variable.value)}"
    for name, amount in task.resources.items():
        yield f"  {name} = {piece_text(amount)}"
    for name, value in task.settings.items():
        yield f"  {name} {json.dumps(value, ensure_ascii=False)}"
    if task.urgent:
        yield "  urgent"
    if task.batches:
        yield f"  batches {max(task.batches) + 1}"
    yield from (f"  file {name}" for name in task.files)
    for wait in task.waits:
        yield f"  waits for {form_text(wait.files.form)}{' in order' if wait.ordered else ''}"
    waits = dict.fromkeys(job.task for found in task.after for job in found)
    for name in waits:
        pairs = [
            f"{task.ids[number]} <- {' '.join(ids)}"
            for number, found in enumerate(task.after)
            if (ids := [lowered.tasks[name].ids[job.number] for job in found if job.task == name])
        ]
        yield f"  after {name}: {_shown(pairs)}"


def _port_text(port: Input | Output) -> str:
    kind = f"{'remote ' if port.remote else ''}{port.base}{'[]' if port.many else ''}"
    if port.path is not None:
        return f"{kind} = {''.join(map(piece_text, port.path))}"
    each = ["absent" if paths is None else " ".join(paths) for paths in port.paths]
    return f"{kind} = {_shown(list(dict.fromkeys(each)))}"


def _source_text(files: Files) -> str:
    """Where files come from, unless they are the same for all jobs."""
    return "" if isinstance(files.form, Fixed) else f" <- {form_text(files.form)}"


def form_text(form: Form) -> str:
    """How files come about: `each` stands before what comes from several instances, `computed` before all else."""
    match form:
        case Fixed(value):
            return json.dumps(value, ensure_ascii=False)
        case OutputOf(task, port):
            return f"{task}.{port}"
        case CellOf(table, column):
            return f"{table.name}.{column}"
        case Seen(files):
            link = " by a link" if form.linked else ""
            return f"{'each ' if form.gathers else ''}{form_text(files.form)}{link}"
        case Listed(items):
            return f"[{_shown([form_text(item.form) for item in items])}]"
        case Either(_, then, other):
            return f"{form_text(then.form)} or {form_text(other.form)}"
        case Traced(_, sources):
            return f"a path of {', '.join(form_text(source.form) for source in sources)}"
        case Joined(parts) | Computed(parts):
            return f"computed{''.join(f' of {form_text(part.form)}' for part in parts)}"


def _column_text(column: Column) -> str:
    found = _shown([json.dumps(cell, ensure_ascii=False) for cell in column.cells])
    return found if column.origin is None else f"{column.origin.table.name}.{column.origin.column}: {found}"


def _shown(items: Sequence[str]) -> str:
    """The first of some items, and how many more there are."""
    more = len(items) - _SHOWN
    return ", ".join(map(visible, items[:_SHOWN])) + (f" and {more} more" if more > 0 else "")

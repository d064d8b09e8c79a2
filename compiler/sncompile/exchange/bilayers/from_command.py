"""A module's command → `cli_command`, the tags and the order of Bilayers' items, and hidden arguments."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from sncompile.diagnostics import Span
from sncompile.exchange.bilayers.arguments import Passed, Piece, Word, command_text, tag_of
from sncompile.exchange.bilayers.from_module import Fields, Items
from sncompile.exchange.bilayers.names import title_of
from sncompile.exchange.bilayers.spec import NO_TAG
from sncompile.faults import exchange as faults
from sncompile.syntax.document import PortDoc


def write_command(items: Items) -> Fields:
    """`exec_function`; sets `cli_tag` and `cli_order` of all items. What has no tag is told to the items' report."""
    return _Writer(items).write()


class _Writer:
    def __init__(self, items: Items) -> None:
        self._items = items
        self._placed: list[Fields] = []
        self._hidden: list[Fields] = []
        self._sayers: dict[str, str] = {}

    def write(self) -> Fields:
        """`exec_function`."""
        items = self._items
        for fields in (*items.inputs.values(), *items.params.values()):
            fields["cli_tag"] = NO_TAG
        for fields in (*items.inputs.values(), *items.params.values(), *items.outputs.values()):
            fields.pop("cli_order", None)
        pieces = merged(items.pieces)
        lead = next((i for i, p in enumerate(pieces) if isinstance(p, Passed)), len(pieces))
        command, run = command_text([p.text for p in pieces[:lead] if isinstance(p, Word)])
        for piece in pieces[lead:]:
            if isinstance(piece, Word):
                run.append(piece.text)
            else:
                self._hide(run)
                self._place(piece)
        self._hide(run)
        self._tell_unpassed()
        self._number()
        return {"name": "generate_cli_command", "cli_command": command, "hidden_args": self._hidden or None}

    def _hide(self, run: list[str]) -> None:
        """Make constant words between values a hidden argument. Bilayers tells these apart by their tags."""
        if not run:
            return
        used = {fields["cli_tag"] for fields in self._hidden}
        tag = shlex.join(run[:-1])
        made: Fields = {"cli_tag": tag, "value": shlex.quote(run[-1])}
        if "=" in tag or len(run) == 1 or tag in used:
            made = {"cli_tag": "", "value": shlex.join(run)}
        if made["cli_tag"] in used:
            made = {"cli_tag": shlex.join(run), "value": True, "append_value": False}
        self._hidden.append(made)
        self._placed.append(made)
        run.clear()

    def _place(self, piece: Passed) -> None:
        fields, tag = self._target(piece), tag_of(piece)
        hint = "pass it once, as an argument of its own, or glued to a text that holds a `=`, such as `--x=`"
        if tag is None:
            message = f"`{piece.before or piece.after}` beside the value of `{piece.ref}` is no tag of Bilayers"
            self._items.report.add(faults.NO_ARGUMENT.at(self._span(piece), message, help=hint))
        elif any(one is fields for one in self._placed):
            message = f"`{piece.ref}` is passed twice, and Bilayers passes each value once"
            self._items.report.add(faults.NO_ARGUMENT.at(self._span(piece), message, help=hint))
        else:
            fields["cli_tag"] = tag
            if piece.form != "value":
                fields["append_value"] = piece.form == "truth"
            self._placed.append(fields)

    def _target(self, piece: Passed) -> Fields:
        """The item that passes a value: the port or parameter, or the text that says where a port is."""
        items, (space, name) = self._items, piece.ref
        if space == "params":
            return items.params[name]
        copied = items.copied_to(name) if space == "outputs" else None
        if copied is not None:
            return items.inputs[copied]
        sayer = items.notes.sayer(space.removesuffix("s"), name)
        if sayer is not None and sayer in items.params:
            return items.params[sayer]
        if space == "inputs":
            return items.inputs[name]
        tagged = [m for m in items.notes.members(name) if items.outputs[m].get("cli_tag") not in (None, NO_TAG)]
        return items.outputs[tagged[0]] if tagged else self._sayer(items.doc.outputs[name])

    def _sayer(self, port: PortDoc) -> Fields:
        """A text that says where an output is: Bilayers itself passes nothing for outputs."""
        items, name = self._items, port.name.name
        if name in self._sayers:
            return items.params[self._sayers[name]]
        free = name if name not in items.params else f"{name}_path"
        known = [items.outputs[m].get("folder_name") for m in items.notes.members(name) or [name]]
        fields: Fields = {"name": free, "type": "textbox", "label": f"Where to write {title_of(name)}"}
        if port.base == "directory":
            fields["output_dir_set"] = True
        fields |= {"default": known[0] or items.folder_of(port), "optional": True}
        items.params[free] = {**fields, "section_id": "outputs", "mode": "advanced"}
        self._sayers[name] = free
        return items.params[free]

    def _span(self, piece: Passed) -> Span:
        declared: dict[str, Any] = getattr(self._items.doc, piece.ref.space)
        span: Span = declared[piece.ref.name].name.span
        return span

    def _tell_unpassed(self) -> None:
        for name, fields in self._items.inputs.items():
            sayer = self._items.notes.sayer("input", name)
            if fields["cli_tag"] == NO_TAG and sayer is None:
                message = f"nothing in the command passes the input `{name}`"
                hint = f"name it in the command: `${{inputs.{name}}}`"
                span = self._items.doc.inputs[name].name.span
                self._items.report.add(faults.NO_ARGUMENT.at(span, message, help=hint))

    def _number(self) -> None:
        """Give arguments a `cli_order` where Bilayers' own order is another one."""
        items = self._items
        own = [*items.inputs.values(), *items.outputs.values(), *items.params.values(), *self._hidden]
        placed = {id(fields) for fields in self._placed}
        if [id(f) for f in own if id(f) in placed] != [id(f) for f in self._placed]:
            for number, fields in enumerate(self._placed, 1):
                fields["cli_order"] = number


def merged(pieces: Sequence[Piece]) -> list[Piece]:
    """The same arguments with `--x` and the value after it as one, as it is most often meant."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if len(found) > 1 else None
        bare = isinstance(piece, Passed) and not piece.words and not piece.before and not piece.conditional
        if bare and isinstance(last, Word) and last.text.startswith("-") and "=" not in last.text:
            assert isinstance(piece, Passed)
            found[-1] = Passed(piece.ref, (last.text,), "", piece.after, piece.form)
        else:
            found.append(piece)
    return found

"""A Bilayers spec → a module document as plain data, with comments where something was decided."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any

from sncompile.diagnostics import Report
from sncompile.exchange.bilayers.about import module_about
from sncompile.exchange.bilayers.arguments import (
    Passed,
    Piece,
    Preparation,
    Ref,
    Word,
    command_items,
    command_pieces,
    escaped,
    is_one_word,
    needs_shell,
    passed_by,
)
from sncompile.exchange.bilayers.layout import Layout, OutPort, is_file, lay_out
from sncompile.exchange.bilayers.order import Argument, in_order
from sncompile.exchange.bilayers.params import Param, read_param
from sncompile.exchange.bilayers.spec import Item, Spec
from sncompile.exchange.yaml_text import Path
from sncompile.faults import exchange as faults
from sncompile.lazy_regex import regex

_FORMAT = regex(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclass
class Draft:
    """A module in the making: its document as plain data, and the comments that stand above nodes of it."""

    document: dict[str, Any] = field(default_factory=dict)
    comments: dict[Path, str] = field(default_factory=dict)


def module_draft(spec: Spec, stem: str, report: Report) -> tuple[Draft, Layout] | None:
    """The module of a spec, without annotations, and where its parts come from. None after telling errors.

    `stem` names the module where the spec does not.
    """
    try:
        words = [w.text for w in command_pieces(str(spec.command.fields["cli_command"])) if isinstance(w, Word)]
        hidden = {h.span: shlex.split(str(h.fields["value"])) for h in spec.hidden}
    except ValueError:
        hint = "close it; Bilayers hands the command to a shell"
        span = spec.command.at("cli_command")
        report.add(faults.BAD_FIELD.at(span, "a quote in the command or a hidden argument is not closed", help=hint))
        return None
    said = [w for one in hidden.values() for w in one]
    layout, found = lay_out(spec, [*words, *said])
    report.extend(found)
    draft = _Drafter(spec, layout, report).draft(stem)
    return None if report.failed else (draft, layout)


class _Drafter:
    def __init__(self, spec: Spec, layout: Layout, report: Report) -> None:
        self._spec, self._layout, self._report = spec, layout, report
        self._draft = Draft()
        self._params: dict[str, Param] = {}

    def draft(self, stem: str) -> Draft:
        """The draft."""
        document, layout = self._draft.document, self._layout
        document |= {"sncompile": 1, **module_about(self._spec, stem)}
        inputs = {name: self._input(item) for name, item in layout.inputs.items()}
        outputs = {port.name: self._output(port) for port in layout.outputs.values()}
        for name, item in layout.params.items():
            self._params[name], found = read_param(item)
            self._report.extend(found)
        params = {name: self._param_body(param) for name, param in self._params.items()}
        for key, part in (("inputs", inputs), ("outputs", outputs), ("params", params)):
            if part:
                document[key] = part
        self._image(document)
        success = self._success()
        if success:
            document["success"] = success
        document["command"] = command_items(self._pieces())
        self._explain_outputs()
        return self._draft

    # --- Ports and parameters -----------------------------------------------------------------------------------

    def _input(self, item: Item) -> dict[str, Any]:
        kind = "file" if is_file(item) else "directory"
        return {"type": f"{kind}?" if item.optional else kind, **self._port_facts([item])}

    def _port_facts(self, items: list[Item]) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        formats = [f for item in items for f in self._formats(item)]
        if formats:
            facts["format"] = list(dict.fromkeys(formats))
        texts = [str(i.fields["description"]).strip() for i in items if isinstance(i.fields.get("description"), str)]
        told = list(dict.fromkeys(t for t in texts if t))
        description = "; ".join(t.rstrip(".") for t in told) if len(told) > 1 else "".join(told)
        if description:
            facts["description"] = description
        return facts

    def _formats(self, item: Item) -> list[str]:
        given = item.fields.get("format")
        names = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        found = [str(n).lstrip(".") for n in names]
        wrong = [n for n in found if not _FORMAT.fullmatch(n)]
        if wrong:
            message = f"`{wrong[0]}` is no name of a format, so the port of `{item.name}` does without"
            hint = "a format's name holds letters, digits and `.`, `_`, `+`, `-`"
            self._report.add(faults.LOST.at(item.at("format"), message, help=hint))
        return [n for n in found if n not in wrong]

    def _output(self, port: OutPort) -> dict[str, Any]:
        body: dict[str, Any] = {"type": "file" if port.is_file else "directory", **self._port_facts([*port.members])}
        if port.how == "fixed" and port.folder is not None:
            body["path"] = escaped(port.folder)
        if not port.is_file:
            # Bilayers makes the folder, so the tool may count on it.
            body["create"] = True
        for item in port.members:
            if port.is_file and item.optional:
                message = f"the output `{item.name}` is optional, and a job of sncompile must write it"
                hint = "have the tool write it always, or write into a folder"
                self._report.add(faults.OPTIONAL_OUTPUT.at(item.at("optional"), message, help=hint))
        return body

    def _param_body(self, param: Param) -> dict[str, Any]:
        body = dict(param.body)
        if isinstance(body.get("default"), str):
            body["default"] = escaped(body["default"])
        return body

    def _image(self, document: dict[str, Any]) -> None:
        image = self._spec.image
        if image is None:
            return
        org, name, tag = (str(image.fields.get(key) or "") for key in ("org", "name", "tag"))
        if not name:
            message = "`docker_image` has no `name`, so the module has no container"
            hint = "name the image: `org`, `name` and `tag`"
            self._report.add(faults.NEEDED.at(image.at("name"), message, help=hint))
            return
        document["container"] = {"image": escaped(f"{org}/{name}".lstrip("/") + (f":{tag}" if tag else ""))}

    def _success(self) -> dict[str, Any]:
        """What Bilayers calls not optional has to be in the folder, which is there before the tool starts."""
        ports = [p for p in self._layout.outputs.values() if not p.is_file and p.staged is None]
        counts = {p.name: 1 for p in ports if any(not m.optional for m in p.members)}
        return {"min_files": counts} if counts else {}

    # --- The command --------------------------------------------------------------------------------------------

    def _pieces(self) -> list[Piece]:
        staged = [p for p in self._layout.outputs.values() if p.staged is not None]
        preparation = Preparation(tuple((str(p.staged), p.name) for p in staged))
        command = str(self._spec.command.fields["cli_command"])
        pieces = [*preparation.pieces(), *map(self._rewritten, command_pieces(command))]
        if needs_shell(command):
            self._tell_folders_in_script(command)
        for argument in in_order(self._spec, self._report):
            pieces += self._argument(argument)
        for port in staged:
            self._draft.comments["command",] = (
                f"The tool writes beside its input `{port.staged}`, which is therefore copied to `{port.name}` first, "
                "and read there."
            )
        return pieces

    def _tell_folders_in_script(self, command: str) -> None:
        named = [folder for folder in self._layout.folders if folder in command]
        if named:
            message = f"the command is a line for a shell, and names the folder `{named[0]}` itself"
            hint = "pass the folder as a hidden argument, which becomes the output's path"
            self._report.add(faults.NOWHERE.at(self._spec.command.at("cli_command"), message, help=hint))

    def _rewritten(self, piece: Piece) -> Piece:
        """A constant argument; one that names a folder of Bilayers names the port instead."""
        found = self._layout.mention(piece.text) if isinstance(piece, Word) else None
        return piece if found is None else Passed(found[1], (), found[0], found[2])

    def _argument(self, argument: Argument) -> list[Piece]:
        item, layout = argument.item, self._layout
        try:
            if argument.source == "hidden":
                return self._hidden(item)
            if item.tag is None:
                return []
            if argument.source == "input":
                name = layout.name_of(item, "inputs")
                port = next((p for p in layout.outputs.values() if p.staged == name), None)
                ref = Ref("inputs", str(name)) if port is None else Ref("outputs", port.name)
                return [Passed(**self._parts(item, ref), optional=item.optional)]
            if argument.source == "output":
                return self._output_argument(item)
            bound = layout.bound.get(item.name)
            if bound is not None:
                optional = bound.space == "inputs" and layout.inputs[bound.name].optional
                return [Passed(**self._parts(item, bound), optional=optional)]
            return [self._param_argument(item)]
        except ValueError:
            hint = "close the quote"
            message = f"the `cli_tag` of `{item.name}` has a quote that is not closed"
            self._report.add(faults.BAD_FIELD.at(item.at("cli_tag"), message, help=hint))
            return []

    def _parts(self, item: Item, ref: Ref, form: str = "value") -> dict[str, Any]:
        made = passed_by(str(item.tag), ref, form)
        return {"ref": ref, "words": made.words, "before": made.before, "form": form}

    def _output_argument(self, item: Item) -> list[Piece]:
        for port in self._layout.outputs.values():
            if port.how == "tag" and port.members[0] is item:
                return [Passed(**self._parts(item, Ref("outputs", port.name)))]
        return []

    def _param_argument(self, item: Item) -> Piece:
        name = str(self._layout.name_of(item, "params"))
        param = self._params[name]
        parts = self._parts(item, Ref("params", name), param.form)
        return Passed(**parts, optional=param.optional, skip=param.skip)

    def _hidden(self, item: Item) -> list[Piece]:
        value, tag = item.fields["value"], str(item.tag)
        if isinstance(value, bool):
            if not value and item.fields.get("append_value") is not True:
                return []
            words = shlex.split(tag) if item.fields.get("append_value") is not True else _joined(tag, str(value))
        else:
            words = _joined(tag, str(value))
        if not all(map(is_one_word, words)) and needs_shell(str(value)):
            message = f"the hidden argument `{tag} {value}` stands as it is; Bilayers' shell reads it anew"
            hint = "nothing needs to be done where these words are meant"
            self._report.add(faults.SHELL_WORDS.at(item.at("value"), message, help=hint))
        return [self._rewritten(Word(word)) for word in words]

    # --- Comments -----------------------------------------------------------------------------------------------

    def _explain_outputs(self) -> None:
        for port in self._layout.outputs.values():
            told = []
            if len(port.members) > 1:
                told.append(f"Bilayers lists {', '.join(m.name for m in port.members)} in this folder.")
            says = [name for name, ref in self._layout.bound.items() if ref == Ref("outputs", port.name)]
            if says:
                told.append(f"The parameter `{says[0]}` of Bilayers says where it is; here its path is derived.")
            if port.how == "tag":
                told.append("Bilayers itself passes no outputs; the command here does, by the output's own `cli_tag`.")
            if port.how == "fixed":
                told.append("No argument tells the tool where to write, so this is where Bilayers says it does.")
            if told:
                self._draft.comments["outputs", port.name] = " ".join(told)


def _joined(tag: str, value: str) -> list[str]:
    """A tag with a constant value, as Bilayers and its shell make words of them. Raises `ValueError`."""
    return shlex.split(f"{tag}{value}" if "=" in tag else f"{tag} {value}")

"""A module document → the text of a Bilayers spec.

The spec is imported again before it is given out: whatever the module then lacks is told. So nothing is lost in
silence, and annotations that no longer fit are found by what they would make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sncompile.diagnostics import Report
from sncompile.exchange.bilayers.about import write_about
from sncompile.exchange.bilayers.arguments import Piece, is_one_word
from sncompile.exchange.bilayers.carried import plain
from sncompile.exchange.bilayers.compare import Difference, command_difference, differences
from sncompile.exchange.bilayers.from_command import write_command
from sncompile.exchange.bilayers.from_module import Notes, Trust, write_items
from sncompile.exchange.bilayers.importing import module_of
from sncompile.exchange.bilayers.module_command import read_command
from sncompile.exchange.bilayers.notes import KEY
from sncompile.exchange.bilayers.read import read_spec
from sncompile.exchange.bilayers.spec import (
    CITATION_FIELDS,
    EXEC_FIELDS,
    HIDDEN_FIELDS,
    IMAGE_FIELDS,
    ITEM_FIELDS,
    SECTIONS,
    TOP_FIELDS,
)
from sncompile.exchange.bilayers.to_module import module_draft
from sncompile.exchange.yaml_text import yaml_text
from sncompile.faults import exchange as faults
from sncompile.syntax.document import Document, ModuleDoc
from sncompile.syntax.nodes import to_plain
from sncompile.syntax.source import Source

Plain = dict[str, Any]


def export_module(doc: Document, report: Report) -> str | None:
    """The Bilayers spec of a module; None after telling errors to `report`."""
    if not isinstance(doc, ModuleDoc) or doc.action != "command":
        what = f"its action is `{doc.action}`" if isinstance(doc, ModuleDoc) else "it is a pipeline"
        hint = "Bilayers takes modules with a `command`"
        message = f"`{doc.name.name}` is no program with arguments: {what}"
        report.add(faults.NO_COMMAND.at(doc.name.span, message, help=hint))
        return None
    beside = any(port.companions for port in (*doc.inputs.values(), *doc.outputs.values()))
    if doc.in_scratch or beside:
        what = "has files with companions" if beside else "runs in a scratch folder"
        message = f"`{doc.name.name}` {what}, which Bilayers does not have"
        hint = "export it without `scratch`, `as`, `from` and `companions`"
        report.add(faults.NO_COMMAND.at(doc.name.span, message, help=hint))
        return None
    pieces = read_command(doc, report)
    if report.failed:
        return None
    for check in doc.checks:
        message, hint = "a check of the module, for which Bilayers has no field", "say it in a description as well"
        report.add(faults.LOST.at(check.span, message, help=hint))
    spec = _Exporting(doc, pieces, report).spec()
    return None if report.failed or spec is None else spec_text(spec)


class _Exporting:
    def __init__(self, doc: ModuleDoc, pieces: Sequence[Piece], report: Report) -> None:
        self._doc, self._pieces, self._report = doc, pieces, report
        kept = doc.annotations.get(KEY)
        self._notes = Notes(to_plain(kept[1]) if kept is not None else {})

    def spec(self) -> Plain | None:
        """The spec; None after telling errors."""
        told = Report()
        trust = Trust(command="exec_function" in self._notes.kept)
        spec = self._made(trust, told)
        again = _imported(spec, Report())
        wrong = differences(self._doc, again) if again is not None else []
        other_command = again is None or command_difference(self._doc, again) is not None
        if self._notes.kept and (wrong or other_command):
            told = Report()
            items = {(d.part, d.name) for d in wrong if d.part not in ("top", "command")}
            trust = Trust(not other_command and trust.command, items, {d.name for d in wrong if d.part == "top"})
            spec = self._made(trust, told)
            before, again = wrong, _imported(spec, Report())
            wrong = differences(self._doc, again) if again is not None else []
            self._tell_outdated(before, wrong, trust)
        self._report.extend(told.diagnostics())
        self._tell(wrong, again, spec)
        return spec

    def _made(self, trust: Trust, report: Report) -> Plain:
        doc, kept = self._doc, self._notes.kept
        items = write_items(doc, self._pieces, self._notes, trust, report)
        command = kept.get("exec_function")
        if not trust.command or not isinstance(command, Mapping):
            old = command.get("name") if isinstance(command, Mapping) else None
            command = write_command(items) | ({"name": old} if isinstance(old, str) else {})
        found: Plain = {}
        told = Report()
        without = kept.get("without")
        for name, value in write_about(doc, told).items():
            trusted = name not in trust.top
            if trusted and isinstance(without, list) and name in without:
                continue
            found[name] = kept[name] if trusted and name in kept else self._spelt(name, value)
            if name == "docker_image" and not (trusted and name in kept):
                report.extend(told.diagnostics())
        found |= {"exec_function": dict(command), "inputs": list(items.inputs.values())}
        found |= {"outputs": list(items.outputs.values()), "parameters": list(items.params.values())}
        if "display_only" in kept:
            found["display_only"] = kept["display_only"]
        return found

    def _spelt(self, name: str, value: Any) -> Any:
        """A value of the module, with what Bilayers says beyond it."""
        kept = self._notes.kept.get(name)
        if name == "docker_image" and isinstance(kept, Mapping) and "platform" in kept:
            return {**value, "platform": kept["platform"]}
        return value

    # --- What is told -------------------------------------------------------------------------------------------

    def _tell_outdated(self, before: Sequence[Difference], after: Sequence[Difference], trust: Trust) -> None:
        """Tell of annotations that were at fault: without them the difference is gone."""
        span = self._doc.annotations[KEY][0].span
        hint = "remove what is no longer true from `annotations: {bilayers: …}`, or import the spec anew"
        left = {(d.part, d.name, d.what) for d in after}
        for difference in before:
            if tuple(difference[:3]) not in left:
                message = f"the annotations differ from the module: {difference.what}"
                self._report.add(faults.OUTDATED.at(difference.span, message, help=hint))
        if "exec_function" in self._notes.kept and not trust.command:
            message = "the command was changed since the import: tags and order follow from it"
            self._report.add(faults.OUTDATED.at(span, message, help=hint))

    def _tell(self, wrong: Sequence[Difference], again: ModuleDoc | None, spec: Plain) -> None:
        doc = self._doc
        for section, name in self._notes.unused(doc):
            message = f"the annotations know `{name}` of `{section}`, which the module does not have"
            hint = "remove the entry"
            self._report.add(faults.OUTDATED.at(doc.annotations[KEY][0].span, message, help=hint))
        hint = "keep it in the module; Bilayers has no field for it"
        for difference in wrong:
            message = f"Bilayers does not carry {difference.what}"
            self._report.add(faults.LOST.at(difference.span, message, help=hint))
        if self._report.failed:
            return
        problem = command_difference(doc, again) if again is not None else _first_error(spec)
        if problem is not None:
            message = f"Bilayers would make another command of `{doc.name.name}`: {problem}"
            hint = "simplify the argument: a tag, and the value of one port or parameter"
            self._report.add(faults.NO_ARGUMENT.at(doc.name.span, message, help=hint))
        self._tell_shell_words()

    def _tell_shell_words(self) -> None:
        """Bilayers hands values to a shell as they are."""
        for name, param in self._doc.params.items():
            texts = [plain(param.default, param.base), *param.enum]
            wrong = next((t for t in texts if isinstance(t, str) and t and not is_one_word(t)), None)
            if wrong is not None:
                message = f"`{wrong}` is one argument here; Bilayers' shell reads the value of `{name}` anew"
                hint = "values without spaces and signs of the shell are the same in both"
                self._report.add(faults.SHELL_WORDS.at(param.name.span, message, help=hint))


def _imported(spec: Plain, report: Report) -> ModuleDoc | None:
    """The module that the spec would become."""
    source = Source("<spec>", None, spec_text(spec))
    read = read_spec(source, report)
    made = module_draft(read, "tool", report) if read is not None and not report.failed else None
    return module_of(made[0], report) if made is not None else None


def _first_error(spec: Plain) -> str:
    report = Report()
    _imported(spec, report)
    errors = [d.message for d in report.diagnostics() if d.severity == "error"]
    return errors[0] if errors else "it cannot be read"


def spec_text(spec: Mapping[str, Any]) -> str:
    """A spec as YAML, sections and fields in the order that Bilayers' own specs have."""
    data = _ordered(spec, TOP_FIELDS)
    data["citations"] = _each(data.get("citations"), CITATION_FIELDS)
    for name in SECTIONS:
        if name in data:
            data[name] = _each(data[name], ITEM_FIELDS)
    data["docker_image"] = _one(data.get("docker_image"), IMAGE_FIELDS)
    command = _one(data.get("exec_function"), EXEC_FIELDS)
    if isinstance(command, dict) and "hidden_args" in command:
        command["hidden_args"] = _each(command["hidden_args"], HIDDEN_FIELDS)
    data["exec_function"] = command
    return yaml_text(_ordered({k: v for k, v in data.items() if k in spec}, TOP_FIELDS))


def _ordered(fields: Mapping[str, Any], order: Sequence[str]) -> Plain:
    return {name: fields[name] for name in (*order, *fields) if name in fields}


def _one(value: Any, order: Sequence[str]) -> Any:
    return _ordered(value, order) if isinstance(value, Mapping) else value


def _each(value: Any, order: Sequence[str]) -> Any:
    return [_one(item, order) for item in value] if isinstance(value, list) else value

"""Text → a Bilayers spec, with every fault of its form told at its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span, did_you_mean, nearest
from sncompile.exchange.bilayers.spec import (
    CITATION_FIELDS,
    EXEC_FIELDS,
    FILE_KINDS,
    HIDDEN_FIELDS,
    IMAGE_FIELDS,
    ITEM_FIELDS,
    OTHER_FILE_KINDS,
    PARAM_KINDS,
    TOP_FIELDS,
    Item,
    Spec,
)
from sncompile.exchange.bilayers.yaml11 import plain_value
from sncompile.faults import exchange as faults
from sncompile.syntax.nodes import Mapping, Node, Scalar, kind_of
from sncompile.syntax.nodes import Sequence as NodeList
from sncompile.syntax.source import Source
from sncompile.syntax.yaml import YamlError, parse_yaml

_FILES = (*FILE_KINDS, *OTHER_FILE_KINDS)
_KINDS = {"inputs": _FILES, "outputs": _FILES, "parameters": (*PARAM_KINDS, *_FILES), "display_only": PARAM_KINDS}
_TEXTS = ("name", "type", "cli_tag", "cli_command", "folder_name", "org", "tag", "platform", "doi", "license")
_FLAGS = ("optional", "append_value", "multiselect")
_OLD_EXEC = ("script", "module")


def read_spec(source: Source, report: Report) -> Spec | None:
    """The spec in `source`; None where there is nothing to go on with. Faults are told to `report`."""
    try:
        node, found = parse_yaml(source)
    except YamlError as error:
        report.add(error.diagnostic)
        return None
    report.extend(found)
    if not isinstance(node, Mapping) or node.get("exec_function") is None:
        span = node.entries[0][0].span if isinstance(node, Mapping) and node.entries else node.span
        message = "this is no Bilayers spec: it has no `exec_function`"
        hint = "a Bilayers spec says with `exec_function: {cli_command: …}` what is run"
        report.add(faults.NOT_BILAYERS.at(span, message, help=hint))
        return None
    return _Reading(node, report).spec()


class _Reading:
    """Reads one document."""

    def __init__(self, node: Mapping, report: Report) -> None:
        self._node, self._report = node, report

    def spec(self) -> Spec | None:
        """The spec; None where its command cannot be read."""
        top = self._fields(self._node, (*TOP_FIELDS, "results"), "a Bilayers spec")
        self._tell_results()
        sections = {name: self._items(name) for name in _KINDS}
        found = self._node.get("exec_function")
        command = self._item(found, (*EXEC_FIELDS, *_OLD_EXEC), "`exec_function`")
        hidden = self._hidden(found)
        image = self._node.get("docker_image")
        citations = self._citations()
        if command is None:
            return None
        if not str(command.fields.get("cli_command") or "").strip():
            hint = "write the program and its fixed arguments: `cli_command: python -m tool`"
            self._report.add(faults.BAD_FIELD.at(command.span, "`exec_function` has no `cli_command`", help=hint))
        docker = self._item(image, IMAGE_FIELDS, "`docker_image`") if _is_there(image) else None
        plain: dict[str, Any] = {name: top[name] for name in TOP_FIELDS if name in top}
        plain["citations"] = [dict(c.fields) for c in citations]
        plain["exec_function"] = {k: v for k, v in command.fields.items() if k not in _OLD_EXEC}
        if docker is not None:
            plain["docker_image"] = dict(docker.fields)
        for name, items in sections.items():
            if items or name != "display_only":
                plain[name] = [dict(item.fields) for item in items]
        if isinstance(command.fields.get("hidden_args"), list):
            plain["exec_function"]["hidden_args"] = [dict(h.fields) for h in hidden]
        return Spec(
            plain,
            sections["inputs"],
            sections["outputs"],
            sections["parameters"],
            sections["display_only"],
            command,
            hidden,
            docker,
            citations,
            self._node.span,
        )

    # --- Sections -----------------------------------------------------------------------------------------------

    def _items(self, section: str) -> tuple[Item, ...]:
        found = []
        for node in self._listed(self._node.get(section), f"`{section}`"):
            item = self._item(node, ITEM_FIELDS, f"an item of `{section}`")
            if item is not None and self._has_name(item, section) and self._has_kind(item, section):
                found.append(item)
        self._tell_same_names(found, section)
        return tuple(found)

    def _has_name(self, item: Item, section: str) -> bool:
        if item.name.strip() and isinstance(item.fields["name"], str):
            return True
        hint = "give it a `name`, which is a text"
        self._report.add(faults.BAD_FIELD.at(item.at("name"), f"an item of `{section}` has no name", help=hint))
        return False

    def _has_kind(self, item: Item, section: str) -> bool:
        if item.kind in _KINDS[section]:
            return True
        if "type" not in item.fields:
            message = f"`{item.name}` of `{section}` has no `type`"
        elif item.kind in PARAM_KINDS:
            message = f"`{item.name}` is a {item.kind}, which is a type of parameters"
        else:
            message = f"`{item.kind}` is not a type of `{section}`"
        hint = did_you_mean(item.kind, _KINDS[section], what="types")
        self._report.add(faults.BAD_FIELD.at(item.at("type"), message, help=hint))
        return False

    def _tell_same_names(self, items: Sequence[Item], section: str) -> None:
        seen: dict[str, Item] = {}
        for item in items:
            first = seen.setdefault(item.name, item)
            if first is not item:
                message = f"two items of `{section}` are called `{item.name}`"
                place = Place("the other one", first.at("name"))
                hint = "rename one of them"
                self._report.add(faults.SAME_NAME.at(item.at("name"), message, help=hint, related=(place,)))

    def _hidden(self, node: Node | None) -> tuple[Item, ...]:
        listed = node.get("hidden_args") if isinstance(node, Mapping) else None
        found = []
        for one in self._listed(listed, "`hidden_args`"):
            item = self._item(one, HIDDEN_FIELDS, "a hidden argument")
            if item is None:
                continue
            missing = [name for name in ("cli_tag", "value") if item.fields.get(name) is None]
            if missing:
                hint = "give the text that is always passed, or remove the argument"
                message = f"a hidden argument without a `{missing[0]}`"
                self._report.add(faults.BAD_FIELD.at(item.at(missing[0]), message, help=hint))
            else:
                found.append(item)
        return tuple(found)

    def _citations(self) -> tuple[Item, ...]:
        node = self._node.get("citations")
        if isinstance(node, Mapping) and (older := node.get("algorithm")) is not None:
            hint = "today `citations` is the list itself"
            span = node.entries[0][0].span
            self._report.add(faults.OLD_FORM.at(span, "`citations: {algorithm: […]}` is an older form", help=hint))
            self._fields(node, ("algorithm",), "`citations`")
            node = older
        found = (self._item(n, CITATION_FIELDS, "a citation") for n in self._listed(node, "`citations`"))
        return tuple(item for item in found if item is not None)

    def _tell_results(self) -> None:
        key, value = self._node.key("results"), self._node.get("results")
        if key is None:
            return
        message = "`results` was taken out of Bilayers" + ("" if _is_there(value) else ", and is empty here")
        hint = "describe what is written under `outputs`, and remove `results`"
        self._report.add(faults.OLD_FORM.at(key.span, message, help=hint))

    # --- Mappings and lists -------------------------------------------------------------------------------------

    def _listed(self, node: Node | None, what: str) -> Iterable[Node]:
        if not _is_there(node):
            return ()
        if isinstance(node, NodeList):
            return node.items
        assert node is not None
        hint = "write a list, each item with a `-` before it"
        self._report.add(faults.BAD_FIELD.at(node.span, f"{what} is {kind_of(node)}, not a list", help=hint))
        return ()

    def _item(self, node: Node | None, known: Sequence[str], what: str) -> Item | None:
        if not isinstance(node, Mapping):
            if node is not None:
                hint = "write `field: value` lines"
                self._report.add(faults.BAD_FIELD.at(node.span, f"{what} is {kind_of(node)}, not a mapping", help=hint))
            return None
        fields = self._fields(node, known, what)
        places = {key.text: value.span if _has_place(value) else key.span for key, value in node.entries}
        span = node.entries[0][0].span if node.entries else node.span
        return Item(fields, span, places)

    def _fields(self, node: Mapping, known: Sequence[str], what: str) -> dict[str, Any]:
        found = {}
        for key, value in node.entries:
            if key.text not in known:
                near = nearest(key.text, known)
                hint = f"did you mean `{near}`?" if near else "remove it: what it says is carried nowhere"
                self._report.add(faults.UNKNOWN_FIELD.at(key.span, f"{what} has no field `{key.text}`", help=hint))
                continue
            if key.text in _OLD_EXEC and what == "`exec_function`":
                self._tell_old_field(key, value)
            found[key.text] = self._value(key.text, value)
        return found

    def _tell_old_field(self, key: Scalar, value: Node) -> None:
        if _is_there(value) and not (isinstance(value, Scalar) and not value.text):
            message = f"`{key.text}` was taken out of Bilayers"
            hint = "what is run stands in `cli_command`; remove the field"
            self._report.add(faults.OLD_FORM.at(key.span, message, help=hint))

    def _value(self, name: str, node: Node) -> Any:
        """A field's value; one of the wrong kind is told, and nothing then."""
        value = plain_value(node)
        if name in _TEXTS and not isinstance(value, str):
            return self._text(name, node, value)
        if name == "cli_order" and value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            self._wrong(name, node, "a whole number, which may be negative")
            return None
        if name in _FLAGS and value is not None and not isinstance(value, bool):
            self._wrong(name, node, "`True` or `False`")
            return None
        if name == "options" and value is not None:
            options = value if isinstance(value, list) else [value]
            if not isinstance(value, list) or not all(isinstance(o, dict) and "value" in o for o in options):
                self._wrong(name, node, "a list of options, each with a `label` and a `value`")
                return None
        return value

    def _text(self, name: str, node: Node, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(node, Scalar):
            self._wrong(name, node, "a text")
            return None
        # `tag: 1.10` is meant as it is written, though YAML takes it for 1.1.
        if str(value) != node.text:
            message = f"`{name}: {node.text}` is no text in YAML; it is read as it is written"
            self._report.add(faults.UNQUOTED.at(node.span, message, help=f'quote it: "{node.text}"'))
        return node.text

    def _wrong(self, name: str, node: Node, wanted: str) -> None:
        message = f"`{name}` is {kind_of(node)}"
        self._report.add(faults.BAD_FIELD.at(node.span, message, help=f"it takes {wanted}"))


def _is_there(node: Node | None) -> bool:
    return node is not None and not (isinstance(node, Scalar) and node.plain and plain_value(node) is None)


def _has_place(node: Node) -> bool:
    span: Span = node.span
    return span.end_column > span.column or span.end_line > span.line

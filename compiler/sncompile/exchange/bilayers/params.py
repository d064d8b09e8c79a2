"""Parameters of Bilayers ↔ parameters of a module: types, defaults, options."""

from __future__ import annotations

from typing import Any, NamedTuple

from sncompile.diagnostics import Diagnostic
from sncompile.exchange.bilayers.arguments import is_one_word
from sncompile.exchange.bilayers.spec import FILE_KINDS, OTHER_FILE_KINDS, Item, is_none
from sncompile.faults import exchange as faults

_BASES = {"integer": "integer", "float": "number", "boolean": "boolean", "checkbox": "boolean"}
_LEFT_OUT = ("", "None", "ignore")
"""Options for which Bilayers leaves an argument out."""


class Param(NamedTuple):
    """A parameter of a module: `body` is its plain data, `skip` are the values for which it is not passed."""

    body: dict[str, Any]
    form: str
    skip: tuple[str, ...]

    @property
    def optional(self) -> bool:
        """Whether it may be absent."""
        return str(self.body.get("type", "")).endswith("?")


def read_param(item: Item) -> tuple[Param, list[Diagnostic]]:
    """The module's parameter for one of Bilayers, and what of it does not carry over."""
    found: list[Diagnostic] = []
    base = _base(item, found)
    body: dict[str, Any] = {"type": base}
    if item.optional and base != "boolean":
        body["type"] += "?"
    values = _options(item, base, found)
    if values:
        body["enum"] = values
    default = _default(item, base, values, found)
    if default is not None:
        body["default"] = default
    description = item.fields.get("description")
    if isinstance(description, str) and description.strip():
        body["description"] = description.strip()
    skip = tuple(v for v in values if isinstance(v, str) and v in _LEFT_OUT)
    form = "value" if base != "boolean" else "truth" if item.fields.get("append_value") is True else "flag"
    return Param(body, form, skip), found


def _base(item: Item, found: list[Diagnostic]) -> str:
    if item.kind in (*FILE_KINDS, *OTHER_FILE_KINDS):
        return "path"
    if item.kind not in ("radio", "dropdown"):
        return _BASES.get(item.kind, "string")
    if item.fields.get("multiselect") is True:
        hint = "for several values make a textbox of it, or a parameter for each"
        message = f"`{item.name}` offers several options at once, and Bilayers passes one"
        found.append(faults.ONE_CHOICE.at(item.at("multiselect"), message, help=hint))
    kinds = {type(option["value"]) for option in item.fields.get("options") or ()}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "integer"
    return "number" if kinds and kinds <= {int, float} else "string"


def _options(item: Item, base: str, found: list[Diagnostic]) -> list[Any]:
    options = item.fields.get("options") if item.kind in ("radio", "dropdown") else None
    if not options and item.kind in ("radio", "dropdown"):
        hint = "list them: `options: [{label: Otsu, value: otsu}]`"
        found.append(faults.BAD_FIELD.at(item.at("options"), f"`{item.name}` is a choice without options", help=hint))
    if not options or base == "boolean":
        return []
    values = [option["value"] for option in options]
    if any(isinstance(v, (dict, list)) for v in values):
        hint = "give each option one text or number"
        found.append(faults.BAD_FIELD.at(item.at("options"), f"an option of `{item.name}` is no value", help=hint))
        return []
    if any(isinstance(v, bool) for v in values):
        message = f"an option of `{item.name}` is a boolean, which Bilayers takes for a checkbox"
        hint = "quote it, as the other options are texts; here it is one"
        found.append(faults.UNQUOTED.at(item.at("options"), message, help=hint))
    if base == "string":
        values = ["" if v is None else str(v) for v in values]
    return list(dict.fromkeys(values))


def _default(item: Item, base: str, values: list[Any], found: list[Diagnostic]) -> Any:
    """The module's default; None where it has none."""
    given = item.fields.get("default")
    if base == "string" and values and not isinstance(given, (dict, list)):
        text = "" if given is None else str(given)
        if text in values:
            return text
    if is_none(given):
        return False if base == "boolean" else None
    value = _converted(given, base)
    if value is None or (values and value not in values):
        what = "one of its options" if values and value is not None else f"a value for the type `{item.kind}`"
        message = f"the default of `{item.name}` is not {what}"
        hint = "give a default that fits; without one, the parameter is " + (
            "left out" if item.optional else "required"
        )
        found.append(faults.BAD_DEFAULT.at(item.at("default"), message, help=hint))
        return None
    if base == "string" and not is_one_word(value):
        message = f"the default of `{item.name}` is one argument here; Bilayers' shell reads it anew"
        hint = "nothing needs to be done where one argument is meant"
        found.append(faults.SHELL_WORDS.at(item.at("default"), message, help=hint))
    return value


def _converted(given: Any, base: str) -> Any:
    """A default as the type has it; None where it cannot be."""
    if base == "boolean":
        return {"true": True, "false": False}.get(str(given).lower())
    if isinstance(given, (bool, dict, list)):
        return None
    if base in ("string", "path"):
        return str(given)
    try:
        number = float(given)
        whole = int(number) if number == number and abs(number) != float("inf") and number.is_integer() else None
    except ValueError:
        return None
    if base == "integer":
        return given if isinstance(given, int) else whole
    return given if isinstance(given, (int, float)) else number


# --- Back -------------------------------------------------------------------------------------------------------------


def write_param(body: dict[str, Any], form: str) -> dict[str, Any]:
    """The fields of Bilayers for a parameter of a module, those aside that belong to the command."""
    base, optional = body["base"], body["optional"]
    fields: dict[str, Any] = {}
    if body["enum"]:
        fields["type"] = "radio"
        fields["options"] = [{"label": str(v), "value": v} for v in body["enum"]]
    else:
        kinds = {"integer": "integer", "number": "float", "boolean": "checkbox"}
        fields["type"] = kinds.get(base, "textbox")
    if base == "boolean":
        fields["append_value"] = form == "truth"
    fields["default"] = body["default"] if body["default"] is not None else "None"
    if base == "boolean" and body["default"] is None:
        fields["default"] = False
    fields["optional"] = optional or base == "boolean"
    if body["description"]:
        fields["description"] = body["description"]
    return fields

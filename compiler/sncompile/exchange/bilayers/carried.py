"""What a module itself says of Bilayers' items: the fields that need not be kept beside it (decision 0025)."""

from __future__ import annotations

from typing import Any

from sncompile.exchange.bilayers.params import write_param
from sncompile.syntax.document import Constant, ModuleDoc, ParamDoc, PortDoc, Value


def port_fields(port: PortDoc) -> dict[str, Any]:
    """The fields that a port gives: name, description, whether it is optional, formats, a file or a folder."""
    fields: dict[str, Any] = {"name": port.name.name, "type": "file"}
    if port.description:
        fields["description"] = port.description
    fields["default"] = "directory" if port.base == "directory" else "single"
    fields["optional"] = port.optional
    if port.formats:
        fields["format"] = list(port.formats)
    return fields


def output_fields(doc: ModuleDoc, port: PortDoc) -> dict[str, Any]:
    """As `port_fields`: a folder is optional where the module does not ask that something be in it."""
    name = port.name.name
    needed = port.base == "file" or any(n.name == name and count > 0 for n, count in doc.success.min_files)
    return {**port_fields(port), "optional": not needed}


def param_fields(param: ParamDoc, form: str) -> dict[str, Any]:
    """The fields that a parameter gives; `form` is how the command passes it."""
    default = plain(param.default, param.base) if param.default is not None else None
    body = {
        "base": param.base,
        "optional": param.optional,
        "enum": list(param.enum),
        "default": default,
        "description": param.description,
    }
    return {"name": param.name.name, **write_param(body, form)}


def plain(value: Value | None, base: str = "") -> Any:
    """A value as plain data, as a parameter of the type `base` takes it; None for one that is computed."""
    if isinstance(value, Constant):
        return value.text if base in ("string", "path") and value.value is not None else value.value
    parts = getattr(value, "parts", None)
    if parts is not None and all(isinstance(part, str) for part in parts):
        return "".join(parts)
    return None

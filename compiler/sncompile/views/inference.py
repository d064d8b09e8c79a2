"""What was inferred, and from what: for people, for machines, and as a file for `--params`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sncompile.diagnostics.text import visible
from sncompile.ir.language.operands import to_text
from sncompile.ir.values.model import Plain
from sncompile.semantics.inference.checks import count_text, plain_text
from sncompile.semantics.inference.inferred import Evidence, Found, Inferred, place_text, places_text
from sncompile.views.columns import table

_SHOWN = 12
"""Of so many items of a list it is shown how often each stands."""


def inference_text(title: str, inferred: Mapping[str, Inferred], width: int, bold: Callable[[str], str]) -> str:
    """Every value with its evidence, as text."""
    rows = [["name", "value", "from"], *([name, _shown(i), _origin(i)] for name, i in inferred.items())]
    first, *rest = table(rows, width).splitlines(keepends=True)
    return bold(visible(title)) + "\n" + bold(first.rstrip("\n")) + "\n" + "".join(rest)


def _shown(inferred: Inferred) -> str:
    return plain_text(inferred.value) if inferred.settled else "not settled"


def _origin(inferred: Inferred) -> str:
    """Where a value came from, in words."""
    found = inferred.found
    if found is None:
        return f"given with {inferred.origin}"
    absent = f"; {count_text(found.absent)} without a value" if found.absent else ""
    if len(found.evidence) > 1:
        counts = ", ".join(f"{plain_text(e.value)} ({e.rows:,})" for e in found.evidence[:_SHOWN])
        more = f", {found.distinct - _SHOWN:,} more" if found.distinct > _SHOWN else ""
        return f"{count_text(found.rows)}: {counts}{more}{absent}"
    if not found.evidence:
        return f"{count_text(found.rows)}{absent}"
    return _agreed(found, found.evidence[0]) + absent


def _agreed(found: Found, evidence: Evidence) -> str:
    """`384 rows (plate, well)`, or where the few are."""
    if not found.columns:
        return count_text(evidence.rows)
    if evidence.total > len(evidence.places):
        return f"{count_text(evidence.rows)} agree, by {', '.join(found.columns)}"
    return f"{count_text(evidence.rows)}, at {places_text(found, evidence)}"


def inference_object(name: str, inferred: Mapping[str, Inferred]) -> dict[str, Any]:
    """The JSON form of what was inferred."""
    return {"pipeline": name, "values": [_object(n, i) for n, i in inferred.items()]}


def _object(name: str, inferred: Inferred) -> dict[str, Any]:
    found = inferred.found
    return {
        "name": name,
        "value": _json(inferred.value),
        "settled": inferred.settled,
        "type": str(inferred.type) if inferred.settled else None,
        "origin": inferred.origin,
        "description": inferred.description,
        "rows": found.rows if found else None,
        "absent": found.absent if found else None,
        "evidence": [_evidence(found, e) for e in found.evidence] if found else [],
        "span": inferred.span._asdict(),
    }


def _evidence(found: Found, evidence: Evidence) -> dict[str, Any]:
    where = [dict(zip(found.columns, place, strict=True)) for place in evidence.places]
    return {"value": _json(evidence.value), "rows": evidence.rows, "places": evidence.total, "where": where}


def _json(value: Plain) -> Any:
    return [_json(item) for item in value] if isinstance(value, tuple) else value


def inference_yaml(name: str, inferred: Mapping[str, Inferred]) -> str:
    """The values as a file for `--params`, with what each came from as a comment."""
    lines = [f"# Inferred for the pipeline `{name}`; give it back with `--params`."]
    for key, value in inferred.items():
        if value.description:
            lines += ["", f"# {visible(value.description)}"]
        lines.append(f"# {visible(_origin(value))}")
        lines.append(f"{key}: {_yaml(value.value)}")
    return "".join(line.replace("\n", " ") + "\n" for line in lines)


def inference_json(inferred: Mapping[str, Inferred]) -> str:
    """The values as a JSON file for `--params`."""
    lines = [f"  {json.dumps(key)}: {_written(value.value, ascii_only=True)}" for key, value in inferred.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _written(value: Plain, *, ascii_only: bool) -> str:
    """A value as JSON that `--params` takes: numbers as they look, and no text is an expression."""
    if isinstance(value, tuple):
        return "[" + ", ".join(_written(item, ascii_only=ascii_only) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value.replace("${", "$${"), ensure_ascii=ascii_only)
    return "null" if value is None else to_text(value)


def _yaml(value: Plain) -> str:
    """A value in one line of YAML, which takes JSON but for some characters that nobody sees."""
    text = _written(value, ascii_only=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 2**16 else f"\\U{ord(c):08x}" for c in text)


__all__ = ["inference_json", "inference_object", "inference_text", "inference_yaml", "place_text"]

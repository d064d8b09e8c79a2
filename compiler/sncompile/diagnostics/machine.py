"""Diagnostics for machines: JSON, SARIF 2.1.0 and GitHub workflow commands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sncompile.diagnostics.model import Diagnostic, Fault, Fix, Severity, Span
from sncompile.diagnostics.text import visible


def as_object(diagnostic: Diagnostic) -> dict[str, Any]:
    """The JSON form of one diagnostic, with the field names of the interface."""
    result: dict[str, Any] = {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
    }
    result.update(_place(diagnostic.span))
    result["related"] = [{"message": r.message, **_place(r.span)} for r in diagnostic.related]
    result["help"] = diagnostic.help
    fixes = _located(diagnostic)
    result["fix"] = _edits(fixes[0]) if fixes else []
    result["safe"] = fixes[0].safe if fixes else None
    return result


def _located(diagnostic: Diagnostic) -> list[Fix]:
    return [fix for fix in diagnostic.fixes if not any(edit.old for edit in fix.edits)]


def _edits(fix: Fix) -> list[dict[str, Any]]:
    return [{**_place(edit.span), "text": edit.text} for edit in fix.edits]


def _place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    return span._asdict()


def to_json(diagnostics: Sequence[Diagnostic]) -> str:
    """A JSON array of diagnostics."""
    return json.dumps([as_object(d) for d in diagnostics], indent=2, ensure_ascii=False) + "\n"


def to_sarif(diagnostics: Sequence[Diagnostic], faults: Mapping[str, Fault], version: str) -> str:
    """A SARIF 2.1.0 log of one run, as code scanners take it; `faults` gives the rules' titles."""
    used = sorted({d.code for d in diagnostics})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": faults[code].title},
            "fullDescription": {"text": faults[code].explanation},
        }
        for code in used
        if code in faults
    ]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "sncompile", "version": version, "rules": rules}},
                # Lines and columns are counted in characters.
                "columnKind": "unicodeCodePoints",
                "results": [_sarif_result(d) for d in diagnostics],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _sarif_result(diagnostic: Diagnostic) -> dict[str, Any]:
    text = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "level": "note" if diagnostic.severity is Severity.REMARK else diagnostic.severity.value,
        "message": {"text": text},
    }
    if diagnostic.span is not None:
        result["locations"] = [{"physicalLocation": _sarif_place(diagnostic.span)}]
    if diagnostic.related:
        result["relatedLocations"] = [
            {"message": {"text": r.message}, "physicalLocation": _sarif_place(r.span)} for r in diagnostic.related
        ]
    if fixes := _located(diagnostic):
        result["fixes"] = [_sarif_fix(fix) for fix in fixes]
    return result


def _sarif_fix(fix: Fix) -> dict[str, Any]:
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        place = _sarif_place(edit.span)
        change = {"deletedRegion": place["region"], "insertedContent": {"text": edit.text}}
        changes.setdefault(edit.span.file, []).append(change)
    listed = [{"artifactLocation": {"uri": file}, "replacements": each} for file, each in changes.items()]
    return {"description": {"text": fix.title}, "artifactChanges": listed}


def _sarif_place(span: Span) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": span.file},
        "region": {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        },
    }


def _escape(text: str, *, prop: bool = False) -> str:
    # The escapes of GitHub's workflow commands; properties have two more.
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if prop else text


def to_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One workflow command a diagnostic, so that a CI run shows it at its line."""
    lines = []
    for d in diagnostics:
        level = "notice" if d.severity is Severity.REMARK else d.severity.value
        fields = [f"title={_escape(d.code, prop=True)}"]
        if d.span is not None:
            fields = [
                f"file={_escape(visible(d.span.file), prop=True)}",
                f"line={d.span.line}",
                f"col={d.span.column}",
                f"endLine={d.span.end_line}",
                f"endColumn={d.span.end_column}",
                *fields,
            ]
        text = d.message + (f"\nhelp: {d.help}" if d.help else "")
        message = "\n".join(visible(line) for line in text.split("\n"))
        lines.append(f"::{level} {','.join(fields)}::{_escape(message)}")
    return "".join(line + "\n" for line in lines)

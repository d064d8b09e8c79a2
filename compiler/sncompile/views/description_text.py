"""A description as text for people, readable in a narrow terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sncompile.diagnostics.text import visible
from sncompile.views.columns import count, paragraph, table

Bold = Callable[[str], str]


def description_text(told: Mapping[str, Any], width: int, bold: Bold) -> str:
    """The description that `describe` made, section by section; empty sections are left out."""
    title = f" – {told['title']}" if told["title"] else ""
    head = bold(paragraph(f"{told['name']}{title}", width).rstrip("\n")) + "\n"
    facts = [told["kind"], f"version {told['version']}" * bool(told["version"]), told["license"], told["file"]]
    head += paragraph(" · ".join(fact for fact in facts if fact), width)
    sections = [head]
    if told["description"]:
        sections.append(paragraph(told["description"], width))
    sections += [f"{bold(name)}\n{body}" for name, body in _sections(told, width) if body]
    return "\n".join(sections)


def _sections(told: Mapping[str, Any], width: int) -> Iterator[tuple[str, str]]:
    yield "Inputs", _entries(told["inputs"], _port, width)
    if told["kind"] == "module":
        yield "Outputs", _entries(told["outputs"], _port, width)
    yield "Parameters", _entries(told["params"], _param, width)
    if told["kind"] == "module":
        yield from _module(told, width)
    else:
        yield from _pipeline(told, width)
    checks = [f"{check['that']}  {check['message']}".rstrip() for check in told.get("checks", ())]
    yield "Must hold", "".join(paragraph(check, width - 2, "  ") for check in checks)
    yield "Cite", "".join(paragraph(citation, width - 2, "  ") for citation in told["citations"])


def _module(told: Mapping[str, Any], width: int) -> Iterator[tuple[str, str]]:
    yield "Command", _command(told.get("command") or [])
    for kind in ("shell", "python", "script", "notebook"):
        if kind in told:
            yield kind.capitalize(), "".join(f"  {visible(line)}\n" for line in str(told[kind]).rstrip().split("\n"))
    yield "Arguments", _command(told.get("args") or [])
    yield "Resources", _facts(told["resources"], width)
    scratch = "a folder of its own" if told.get("scratch") else None
    runs_in = {"container": told["container"], "conda": told["conda"], "scratch": scratch}
    yield "Runs in", _facts({name: value for name, value in runs_in.items() if value}, width)
    yield (
        "Needs there",
        _facts({each.pop("name"): _limits(each) for each in map(dict, told.get("requires", ()))}, width),
    )
    yield "Tells its version", _command(told.get("version_command") or [])
    yield "Environment", _facts(told["env"], width)
    yield "Done when", _facts(told["success"], width)


def _limits(program: Mapping[str, str]) -> str:
    """Which versions of a program will do."""
    return " and ".join(f"{name.replace('_', ' ')} {limit}" for name, limit in program.items()) or "any version"


def _pipeline(told: Mapping[str, Any], width: int) -> Iterator[tuple[str, str]]:
    yield "Data roots (--data NAME=PATH)", _facts(told["data"], width)
    yield "Tables", _entries(told["tables"], _table, width)
    for name, entry in told["tables"].items():
        yield f"Columns of {name}", _entries(entry.get("columns", {}), _column, width)
    yield "Inferred from the tables", _entries(told["infer"], _inferred, width)
    yield "Steps", table([_step(name, step) for name, step in told["steps"].items()], width, indent="  ")
    yield "Outputs", _facts(told["outputs"], width)


def _entries(entries: Mapping[str, Any], facts: Callable[[Any], str], width: int) -> str:
    """An entry a line with its facts, its description indented below."""
    text = ""
    names = max((len(name) for name in entries), default=0)
    for name, entry in entries.items():
        text += table([[name.ljust(names), facts(entry)]], width, indent="  ")
        if entry.get("description"):
            text += paragraph(entry["description"], width - 6, "      ")
    return text


def _port(port: Mapping[str, Any]) -> str:
    formats = f" ({' or '.join(port['format'])})" if port["format"] else ""
    where = f" in {port['in']}" if "in" in port else ""
    told = f"{port['type']}{formats}" + (f", at {_shown_path(port['path'])}{where}" if "path" in port else "")
    for key, what in (("as", "called"), ("from", "taken from"), ("companions", "with")):
        told += f", {what} {_shown_path(port[key])}" if key in port else ""
    told += f", default {_shown_path(port['default'])}" if port.get("default") is not None else ""
    if "report" in port:
        under = port["report"].get("category")
        told += ", shown in reports" + (f" under {under}" if under else "")
    return told + (", made before the command runs" if "create" in port else "")


def _shown_path(path: Any) -> str:
    """A path, or a list of them."""
    return ", ".join(path) if isinstance(path, list) else str(path)


def _param(param: Mapping[str, Any]) -> str:
    """`number, 0 to 100, default 40`."""
    facts = [param["type"]]
    if "enum" in param:
        facts.append("one of " + ", ".join(map(_shown, param["enum"])))
    low, high = param.get("minimum"), param.get("maximum")
    if low is not None and high is not None:
        facts.append(f"{_number(low)} to {_number(high)}")
    elif low is not None or high is not None:
        facts.append(f"at most {_number(high)}" if low is None else f"at least {_number(low)}")
    if "pattern" in param:
        facts.append(f"like {param['pattern']}")
    if param["required"]:
        facts.append("required")
    elif isinstance(param["default"], dict):
        facts.append(f"default of {count(len(param['default']), 'row')}")
    elif param["default"] is not None:
        facts.append(f"default {_shown(param['default'])}")
    return ", ".join(facts)


def _number(number: Any) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _table(entry: Mapping[str, Any]) -> str:
    if "keys" in entry:
        what = f"the files {entry['glob']} in" if "glob" in entry else "the rows of"
        return f"by {', '.join(entry['keys'])}; {what} {entry['from']}, known later"
    source = next((f"{kind} {entry[kind]}" for kind in ("file", "glob", "params") if kind in entry), None)
    source = source or ("made by a query" if "sql" in entry else None)
    return f"by {', '.join(entry['key'])}; " + (source or f"{count(entry.get('rows', 0), 'row')} in the spec")


def _column(column: Mapping[str, Any]) -> str:
    """`file (fastq.gz), required`."""
    formats = f" ({' or '.join(column['format'])})" if column.get("format") else ""
    return _param({**column, "type": f"{column['type']}{formats}"})


def _inferred(entry: Mapping[str, Any]) -> str:
    """`integer, one value`."""
    return ", ".join([*([entry["type"]] if "type" in entry else []), *entry["holds"]])


def _step(name: str, step: Mapping[str, Any]) -> list[str]:
    by = f"by {', '.join(step['by'])}" if step["by"] else ""
    return [name, step["module"] or "", by]


def _command(arguments: list[Any]) -> str:
    return "".join(f"  {visible(_argument(argument))}\n" for argument in arguments)


def _argument(argument: Any) -> str:
    if not isinstance(argument, Mapping):
        return _shown(argument) if not isinstance(argument, str) or not argument or " " in argument else argument
    words = [word for word in (argument.get("option"), argument.get("flag")) if word]
    if "list_file" in argument:
        words.append(f"{argument.get('prefix', '')}(file with {_shown(argument['list_file'])})")
    words += ["(with NUL)"] if "separator" in argument else []
    words += [_shown(argument["value"])] if "value" in argument else []
    words += ["(joined)"] if argument.get("joined") else []
    words += ["(for each)"] if argument.get("repeat") else []
    words += [f"(when {argument['when']})"] if "when" in argument else []
    return " ".join(map(str, words))


def _facts(facts: Mapping[str, Any], width: int) -> str:
    return table([[name, _plain(value)] for name, value in facts.items()], width, indent="  ")


def _plain(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else _shown(value)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

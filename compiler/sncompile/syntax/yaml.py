"""Text → located YAML, with every mark kept.

Depth, aliases and duplicate keys are watched while the text is read (see `composer`). The C parser is fast, and
refuses some of YAML 1.2; then our own parser (`yaml12`) decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from sncompile.diagnostics import Diagnostic, Span
from sncompile.faults import reading
from sncompile.lazy_regex import regex
from sncompile.syntax.composer import Composer, YamlError
from sncompile.syntax.nodes import Node
from sncompile.syntax.source import Source, start_of
from sncompile.syntax.yaml_faults import syntax_fault, tab_fault

__all__ = ["YamlError", "parse_yaml", "read_events"]

_Made = TypeVar("_Made")

MAX_SLOW = 2_000_000
"""Texts of more characters are left to the C parser alone: the other one takes some seconds for so many."""

# Where the C parser reads something else than what YAML 1.2 says: `[?x]`, `&a:b`, and white space at the very end.
_MISREAD = regex(r"[\[{,][ \t\n]*\?[^ \t\n,\[\]{}]|(?<![^ \t\n\[{,])&[^ \t\n,\[\]{}:]+:|\n[ \t]+\Z")


def _is_misread(text: str) -> bool:
    """Whether the C parser may read something else. Most texts have none of the characters that it takes."""
    return ("?" in text or "&" in text or text.endswith((" ", "\t"))) and _MISREAD.search(text) is not None


def _quick_events(text: str) -> Iterator[Any] | None:
    """The events by the C parser, which is an optional wheel."""
    try:
        from ruamel.yaml.cyaml import CParser
    except ImportError:
        return None
    return iter(CParser(text).get_event, None)


def _whole_events(text: str) -> Iterator[Any]:
    """The events by our own parser, which takes all of YAML 1.2."""
    from sncompile.syntax.yaml12.block import events_of

    return events_of(text)


def _readers(text: str) -> list[Callable[[str], Iterator[Any] | None]]:
    """The parsers that a text is given to, each if those before it refuse it."""
    readers: list[Callable[[str], Iterator[Any] | None]] = [_quick_events]
    if len(text) <= MAX_SLOW:
        # What the C parser would misread, it reads only if the other one refuses it.
        readers.insert(0 if _is_misread(text) else 1, _whole_events)
    return readers


def _read(text: str, made: Callable[[Iterator[Any]], _Made]) -> _Made:
    """What is made of the events of a text. Raises `MarkedYAMLError` where it is no YAML, and what `made` raises."""
    readers = _readers(text)
    refusals: list[MarkedYAMLError] = []
    for reader in readers:
        events = reader(text)
        if events is None:
            continue
        try:
            return made(events)
        except MarkedYAMLError as error:
            refusals.append(error)
    first, last = refusals[0], refusals[-1]
    # Where both refuse the same line, the words of the C parser are the better known ones.
    told = last if readers[0] is _quick_events and _line(last) != _line(first) else first
    raise told


def _composed(events: Iterator[Any], source: Source) -> tuple[Composer, Node]:
    """The one document of a stream. Raises `YamlError`."""
    composer = Composer(source)
    return composer, composer.compose(events)


def read_events(source: Source) -> list[Any]:
    """The parser's events of a text, which may hold several documents. Raises `YamlError`."""
    try:
        return _read(source.text, list)
    except MarkedYAMLError as error:
        raise YamlError(syntax_fault(source, error, _reads)) from None
    except YAMLError as error:
        raise YamlError(_no_yaml(source, error)) from None


def _reads(text: str) -> bool:
    """Whether a text is YAML, without more faults than one that has a place."""
    source = Source("", None, text)
    try:
        composer, _ = _read(text, partial(_composed, source=source))
    except (YamlError, YAMLError):
        return False
    return not composer.faults


def _no_yaml(source: Source, error: YAMLError) -> Diagnostic:
    message = str(error).strip().split("\n")[0]
    return reading.YAML_SYNTAX.at(start_of(source.name), message, help="save the document as plain UTF-8 text")


def _line(error: MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return int(mark.line) if mark is not None else 0


def parse_yaml(source: Source) -> tuple[Node, list[Diagnostic]]:
    """The document of `source`, and the faults that did not keep it from being read (duplicate keys).

    Raises `YamlError` where there is no document to speak of.
    """
    try:
        composer, node = _read(source.text, partial(_composed, source=source))
    except MarkedYAMLError as error:
        fault = syntax_fault(source, error, _reads)
        if len(source.text) > MAX_SLOW:
            strict = f"documents of more than {MAX_SLOW:,} characters need quotes around every text with `:` or `?`"
            fault = replace(fault, help=f"{fault.help}; {strict}")
        raise YamlError(fault) from None
    except YAMLError as error:
        raise YamlError(_no_yaml(source, error)) from None
    _refuse_tabs(source, composer)
    return node, composer.faults


def _refuse_tabs(source: Source, composer: Composer) -> None:
    if "\t" not in source.text:
        return
    inside = composer.continued_lines()
    for number, line in enumerate(source.text.split("\n"), 1):
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent and line.strip() and number not in inside:
            column = indent.index("\t") + 1
            composer.faults.append(tab_fault(Span(source.name, number, column, number, column + 1)))
            if len(composer.faults) > 100:
                return

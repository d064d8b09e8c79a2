"""Options that mean the same on every command, and how diagnostics leave."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from sncompile import __version__
from sncompile.api import Checked
from sncompile.diagnostics import CompileError, Diagnostic, Severity
from sncompile.diagnostics.text import TextRenderer, summary, visible
from sncompile.faults import catalogue
from sncompile.semantics.program import Options

F = TypeVar("F", bound=Callable[..., Any])

ARGUMENTS = "sncompile.arguments"
"""Where click's context keeps the words of the command line, for the record of a run."""

FORMATS = click.Choice(["text", "json", "sarif", "github"])


class Pair(click.ParamType):  # type: ignore[type-arg]  # Generic for type checkers only.
    """`NAME=VALUE`."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, sign, rest = str(value).partition("=")
        if not sign or not name:
            self.fail(f"`{value}` is not NAME=VALUE", param, ctx)
        return name, rest


def spec_options(function: F) -> F:
    """The options that change what is compiled."""
    for option in reversed(
        (
            click.option("--data", type=Pair(), multiple=True, metavar="NAME=PATH", help="Set a data root."),
            click.option(
                "--set", "sets", type=Pair(), multiple=True, metavar="NAME=VALUE", help="Set a parameter or input."
            ),
            click.option(
                "--params",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="Parameters from a YAML or JSON file.",
            ),
            click.option(
                "--directory",
                type=click.Path(file_okay=False, path_type=Path),
                help="The jobs' working folder; the spec's folder unless given.",
            ),
            click.option("--locked", is_flag=True, help="Refuse images without a digest, here or in sncompile.lock."),
        )
    ):
        function = option(function)
    return function


def level_option(function: F) -> F:
    """`-O`: how much the graph is optimized; `--times`: what batches are balanced by."""
    times = click.option("--times", metavar="RUN", help="Balance batches (`-O2`) by the times of an earlier run.")
    option = click.option(
        "-O",
        "level",
        type=click.IntRange(0, 2),
        default=1,
        show_default=True,
        help="0: as written. 1: parallel branches merged. 2: also fused, batched, temporary files deleted.",
    )
    return option(times(function))


def output_options(function: F) -> F:
    """The options that change how diagnostics look."""
    for option in reversed(
        (
            click.option("--strict", is_flag=True, help="Make warnings errors."),
            click.option(
                "--format", "form", type=FORMATS, default="text", show_default=True, help="Form of the diagnostics."
            ),
            click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours."),
        )
    ):
        function = option(function)
    return function


def read_options(
    data: Sequence[tuple[str, str]],
    sets: Sequence[tuple[str, str]],
    params: Path | None,
    directory: Path | None,
    locked: bool = False,
) -> Options:
    """What the options set. Raises `click.UsageError` for a parameter file that holds no mapping."""
    return Options(dict(data), dict(sets), _read_params(params), directory, Path.cwd(), locked)


def _read_params(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    from sncompile.diagnostics import Diagnostic
    from sncompile.syntax.nodes import Mapping, to_plain
    from sncompile.syntax.source import read_source
    from sncompile.syntax.yaml import YamlError, parse_yaml

    source = read_source(str(path), path)
    if isinstance(source, Diagnostic):
        raise CompileError([source])
    try:
        node, found = parse_yaml(source)
    except YamlError as error:
        raise CompileError([error.diagnostic], {source.name: source.text}) from None
    if found:
        raise CompileError(found, {source.name: source.text})
    if not isinstance(node, Mapping):
        raise click.UsageError(f"{path}: a parameter file is a mapping of names to values")
    plain: dict[str, object] = to_plain(node)
    return plain


def wants_color(choice: str, stream: Any) -> bool:
    """Whether to colour what goes to a stream."""
    if choice != "auto":
        return choice == "always"
    return not os.environ.get("NO_COLOR") and hasattr(stream, "isatty") and stream.isatty()


def show(diagnostics: Sequence[Diagnostic], sources: dict[str, str], form: str, color: str, *, stdout: bool) -> None:
    """Write diagnostics. Text goes to standard error; a form for machines to standard output where it is the result."""
    if form == "text":
        if diagnostics:
            shown, rest = _few_of_a_kind(diagnostics)
            text = TextRenderer(sources, color=wants_color(color, sys.stderr)).render(shown)
            write(text + rest, err=True)
        return
    from sncompile.diagnostics.machine import to_github, to_json, to_sarif

    if form == "json":
        text = to_json(diagnostics)
    elif form == "sarif":
        text = to_sarif(diagnostics, catalogue(), __version__)
    else:
        text = to_github(diagnostics)
    write(text, err=not stdout)


MOST_ALIKE = 20
"""So many warnings of one code are shown as text; forms for machines have all."""


def _few_of_a_kind(diagnostics: Sequence[Diagnostic]) -> tuple[list[Diagnostic], str]:
    """The diagnostics without the later ones of very many warnings of a kind, and lines that say how many those are."""
    counts: dict[str, int] = {}
    shown = []
    for diagnostic in diagnostics:
        counts[diagnostic.code] = counts.get(diagnostic.code, 0) + 1
        if diagnostic.severity is Severity.ERROR or counts[diagnostic.code] <= MOST_ALIKE:
            shown.append(diagnostic)
    left = {d.code: counts[d.code] - MOST_ALIKE for d in diagnostics if d.severity is not Severity.ERROR}
    lines = [f"\n… and {n:,} more of {code}; `--format json` shows all\n" for code, n in left.items() if n > 0]
    return shown, "".join(lines)


def write(text: str, *, err: bool = False) -> None:
    """Write text as it is, in UTF-8, whatever the terminal's locale."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        return  # Closed by whoever started us.
    try:
        stream.flush()
        stream.buffer.write(text.encode("utf-8", "backslashreplace"))
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(f"cannot write: {error.strerror}") from None


def finish(checked: Checked, form: str, color: str) -> None:
    """Write a spec's diagnostics, and leave with code 1 where there are errors."""
    show(checked.diagnostics, checked.sources, form, color, stdout=False)
    if checked.failed:
        if form == "text":
            write(f"{visible(checked.name)}: {summary(checked.diagnostics)}\n", err=True)
        sys.exit(1)


def fail(error: CompileError, form: str, color: str, sources: dict[str, str] | None = None) -> None:
    """Write the diagnostics of an error and leave with code 1; `sources` are texts read before it."""
    show(error.diagnostics, {**(sources or {}), **error.sources}, form, color, stdout=False)
    if form == "text":
        write(f"{summary(error.diagnostics)}\n", err=True)
    sys.exit(1)


def has_errors(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether an error is among them."""
    return any(d.severity is Severity.ERROR for d in diagnostics)

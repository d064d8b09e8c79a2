"""`sncompile index FOLDER`: a table of the files in a folder, made from their names."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from sncompile.cli.options import Pair
from sncompile.cli.reporter import write
from sncompile.cli.written import put_file
from sncompile.diagnostics.system_errors import reason
from sncompile.diagnostics.text import visible
from sncompile.semantics.queries.stored_columns import StoreError
from sncompile.semantics.tables.globs import Matcher, PatternError
from sncompile.semantics.tables.indexing import SUFFIXES, Indexed, Walked, index_files, patterns_of, walk, write_index

LISTED = 100
"""So many files that fit no pattern are listed on standard error; `--unmatched` has all of them."""


@click.command("index")
@click.argument("folder", metavar="FOLDER", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--pattern",
    "patterns",
    multiple=True,
    required=True,
    metavar="PATTERN",
    help="How files are called below FOLDER: `{plate}/{well}_s{site}.tif`. Of several the first that fits counts.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The index: .parquet, .csv or .tsv.",
)
@click.option(
    "--split",
    type=Pair(),
    multiple=True,
    metavar="NAME=SEPARATOR",
    help="Make a column a list, cut at the separator (Parquet only).",
)
@click.option(
    "--unmatched",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the files that fit no pattern to a file, and do not list them.",
)
@click.option("--strict", is_flag=True, help="Fail where a file fits no pattern.")
def command(
    folder: str,
    patterns: tuple[str, ...],
    output: Path,
    split: tuple[tuple[str, str], ...],
    unmatched: Path | None,
    strict: bool,
) -> None:
    """Make an index of the files in FOLDER: a row for each, with what its name says as columns.

    Patterns are those of `glob` tables. The index is a table for a spec: `tables: {index: {file: index.parquet, …}}`.
    """
    matchers = _matchers(patterns)
    _check_options(matchers, output, dict(split))
    with _progress() as tell:
        walked = walk(Path(folder), lambda n: tell("listing files", n, None))
        total = len(walked.files)
        indexed = index_files(walked.files, matchers, lambda n: tell("reading names", n, total))
    left = [*indexed.unmatched, *walked.unread]
    for place in filter(None, (output, unmatched)):
        _refuse_listed(place, folder, indexed)
    _tell_left(indexed, walked, unmatched)
    if indexed.ambiguous:
        _tell_ambiguous(indexed)
        sys.exit(1)
    if not indexed.rows:
        click.echo(f"sncompile: no file in `{visible(folder)}` fits a pattern; nothing was written", err=True)
        sys.exit(1)
    if strict and left:
        click.echo("sncompile: nothing was written, since some files fit no pattern (`--strict`)", err=True)
        sys.exit(1)
    try:
        write_index(indexed, folder, output, dict(split))
    except StoreError as error:
        click.echo(f"sncompile: `{output}` cannot be written: {error}", err=True)
        sys.exit(1)
    _tell_done(output, indexed, patterns)


def _refuse_listed(place: Path, folder: str, indexed: Indexed) -> None:
    """Leave where the index would take the place of one of the files that it lists."""
    there = os.path.relpath(os.path.realpath(place), os.path.realpath(folder))
    if any(os.path.normpath(row.path) == there for row in indexed.rows):
        raise click.UsageError(f"`{place}` is one of the files that are listed; have the index written elsewhere")


def _matchers(patterns: Sequence[str]) -> list[Matcher]:
    try:
        return patterns_of(patterns)
    except PatternError as error:
        raise click.BadParameter(f"{error}; patterns are such as `{{plate}}/{{well}}_s{{site}}.tif`") from None


def _check_options(matchers: Sequence[Matcher], output: Path, split: dict[str, str]) -> None:
    suffix = output.suffix.lower()
    if suffix not in SUFFIXES:
        raise click.BadParameter(f"an index ends in one of {', '.join(SUFFIXES)}, not in `{suffix}`")
    names = {name for matcher in matchers for name in matcher.pattern.names}
    for name, separator in split.items():
        if name not in names:
            raise click.BadParameter(f"`--split {name}`: no pattern has a part `{{{name}}}`")
        if not separator:
            raise click.BadParameter(f"`--split {name}`: give what separates the items: `{name}=,`")
        if SUFFIXES[suffix] != "PARQUET":
            raise click.BadParameter(f"`--split {name}`: a text table holds no lists; write Parquet")


def _tell_left(indexed: Indexed, walked: Walked, file: Path | None) -> None:
    """List what is not in the index."""
    left = [*indexed.unmatched, *walked.unread]
    if file is not None:
        text = "".join(f"{name}\n" for name in left)
        try:
            put_file(file, text.encode("utf-8", "surrogateescape"))
        except OSError as error:
            click.echo(f"sncompile: `{file}` cannot be written: {reason(error, file)}", err=True)
            sys.exit(1)
    if not left:
        return
    count = f"{len(left):,} file{'' if len(left) == 1 else 's'} not in the index, as no pattern fits"
    if file is not None:
        write(f"{count}: listed in {file}\n", err=True)
        return
    lines = [f"{count}:", *(f"  {visible(name)}" for name in left[:LISTED])]
    if len(left) > LISTED:
        lines.append(f"  and {len(left) - LISTED:,} more: `--unmatched FILE` writes all of them")
    write("\n".join(lines) + "\n", err=True)


def _tell_ambiguous(indexed: Indexed) -> None:
    first = indexed.ambiguous[0]
    ways = [", ".join(f"{k}={v}" for k, v in way.items()) for way in (first.columns, first.otherwise or {})]
    click.echo(
        f"sncompile: `{visible(first.path)}` can be read as {visible(ways[0])} or {visible(ways[1])} "
        f"({len(indexed.ambiguous):,} such files); nothing was written\n"
        "constrain a part with a regular expression: `{site,[0-9]+}`",
        err=True,
    )


def _tell_done(output: Path, indexed: Indexed, patterns: Sequence[str]) -> None:
    lines = [f"{output}: {len(indexed.rows):,} file{'' if len(indexed.rows) == 1 else 's'}"]
    if len(patterns) > 1:
        lines += [f"  {count:,}  {visible(pattern)}" for pattern, count in zip(patterns, indexed.counts, strict=True)]
    write("\n".join(lines) + "\n")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """A function that shows how far it is, on a terminal; elsewhere it does nothing."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("listing files", total=None)

        def tell(what: str, done: int, total: int | None) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield tell

"""What `fix` and `check --fix` do with fixes: write them, or show what they would change."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import click

from sncompile.cli.reporter import Reporter, has_errors, write
from sncompile.cli.written import put_file
from sncompile.diagnostics.system_errors import cannot_write
from sncompile.diagnostics.text import summary, visible
from sncompile.semantics.program import Options

unsafe_option = click.option("--unsafe", is_flag=True, help="Make fixes too that may mean something else.")
diff_option = click.option("--diff", is_flag=True, help="Show what would change; write nothing.")


def fix_specs(specs: tuple[str, ...], options: Options, reporter: Reporter, *, unsafe: bool, diff: bool) -> NoReturn:
    """Make the fixes of specs, tell what is left, and leave with code 1 where errors are, or what `--diff` shows."""
    from sncompile.fixing import fix

    if "-" in specs:
        raise click.UsageError("standard input has no file to write fixes to; give the path of a spec")
    fixed = fix(specs, options, unsafe=unsafe)
    changed = {_called(path): (fixed.old[path], text) for path, text in fixed.changed.items()}
    if diff:
        for name, (old, new) in changed.items():
            write(difference(visible(name), old, new))
    else:
        put_texts(fixed.changed)
    left = tuple(dict.fromkeys(d for each in fixed.checked for d in each.diagnostics))
    sources = {name: text for each in fixed.checked for name, text in each.sources.items()}
    if reporter.strict:
        left = tuple(d.strictly() for d in left)
    reporter.show(left, sources, result=not diff)
    if reporter.form == "text":
        for diagnostic, made in fixed.made:
            span = made.edits[0].span
            place = f"{visible(_called(Path(span.file)))}:{span.line}"
            write(f"{place}: {'would fix' if diff else 'fixed'} {diagnostic.code}: {visible(made.title)}\n", err=diff)
        _sum_up(len(fixed.made), left, diff=diff)
    sys.exit(1 if has_errors(left) or (diff and changed) else 0)


def _sum_up(made: int, left: tuple, *, diff: bool) -> None:  # type: ignore[type-arg]
    waiting = sum(bool(d.fixes) and not d.fixes[0].safe for d in left)
    told = f"{made} fix{'' if made == 1 else 'es'}{' to make' if diff else ''}; left: {summary(left) or 'no fault'}"
    if waiting:
        told += f", {waiting} with a fix that may mean something else (`--unsafe`)"
    write(f"{told}\n", err=diff)


def difference(name: str, old: str, new: str) -> str:
    """Two texts of a file compared as `diff -u` does."""
    from difflib import unified_diff

    lines = unified_diff(old.split("\n"), new.split("\n"), name, name, lineterm="")
    return "".join(f"{visible(line)}\n" for line in lines)


def put_texts(texts: Mapping[Path, str]) -> None:
    """Write texts to their files, each as a whole. Raises `click.ClickException`."""
    for path, text in texts.items():
        try:
            put_file(path, text.encode())
        except OSError as error:
            raise click.ClickException(cannot_write(error, _called(path))) from None


def _called(path: Path) -> str:
    """A file as its user would name it: from where they stand, if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

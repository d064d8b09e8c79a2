"""`sncompile init [DIR]`: a small project that runs."""

from __future__ import annotations

import shlex
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from sncompile.cli.reporter import write
from sncompile.diagnostics.system_errors import reason

SCHEMAS = ".schemas"
"""The folder of a new project that holds the schemas, so that editors need no network to check and complete."""


TEMPLATES = {
    "plants": "the smallest: two steps over the rows of a table",
    "imaging": "a plate of images: wells and sites from the names of files",
    "genomics": "a sheet of samples with units, single-end and paired",
    "grid": "models with every setting on every part of the data",
}
"""Template → its line. Each is a folder of `templates/init/`; all run with Python, awk and bash alone."""


@click.command("init", epilog="\b\nTemplates:\n" + "\n".join(f"{n:<9} {line}" for n, line in TEMPLATES.items()))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "-t", "--template", type=click.Choice(list(TEMPLATES)),
    help="What to begin with. At a terminal it is asked for; else plants.",
)  # fmt: skip
def command(folder: Path, template: str | None) -> None:
    """Write a small project that runs: a pipeline, its modules with their scripts, and a little data."""
    project = _project(template or _asked())
    standing = [name for name in project if (folder / name).exists() or (folder / name).is_symlink()]
    if standing:
        shown = ", ".join(f"`{folder / name}`" for name in standing[:3]) + ", …" * (len(standing) > 3)
        raise click.UsageError(f"nothing was written, since {shown} would be overwritten; name an empty folder")
    try:
        for name, text in project.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
    except OSError as error:
        click.echo(f"sncompile: `{folder}` cannot be written: {reason(error, folder)}", err=True)
        sys.exit(1)
    there = [] if folder.resolve() == Path.cwd() else [f"cd {shlex.quote(str(folder))}"]
    steps = [*there, *(["sncompile plan pipeline.yaml"] if not there else []), "sncompile run pipeline.yaml --cores 2"]
    write(f"{folder}: {len(project)} files; next:\n" + "".join(f"  {step}\n" for step in steps))


def _asked() -> str:
    """The template that whoever sits there chooses; the first one where nobody does."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return next(iter(TEMPLATES))
    click.echo("".join(f"  {name:<9} {line}\n" for name, line in TEMPLATES.items()), err=True, nl=False)
    chosen: str = click.prompt("Template", type=click.Choice(list(TEMPLATES)), default="plants", err=True)
    return chosen


def _project(template: str) -> dict[str, str]:
    """The files of a new project, by their names in it."""
    below = _below(files("sncompile.templates").joinpath("init", template), "")
    found = {("." + name if name == "gitignore" else name): text for name, text in below}
    for kind in ("pipeline", "module"):
        name = f"{kind}.schema.json"
        found[f"{SCHEMAS}/{name}"] = files("sncompile.schemas").joinpath(name).read_text("utf-8")
    return found


def _below(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir() and entry.name != "__pycache__":
            found += _below(entry, f"{prefix}{entry.name}/")
        elif entry.is_file():
            found.append((prefix + entry.name, entry.read_text("utf-8")))
    return found

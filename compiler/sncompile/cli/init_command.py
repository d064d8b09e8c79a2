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


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Write a small project that runs: a pipeline, two modules with their scripts, a table and a little data."""
    project = _project()
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


def _project() -> dict[str, str]:
    """The files of a new project, by their names in it."""
    found = {("." + name if name == "gitignore" else name): text for name, text in _below(_templates(), "")}
    for kind in ("pipeline", "module"):
        name = f"{kind}.schema.json"
        found[f"{SCHEMAS}/{name}"] = files("sncompile.schemas").joinpath(name).read_text("utf-8")
    return found


def _templates() -> Traversable:
    return files("sncompile.templates").joinpath("init")


def _below(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir() and entry.name != "__pycache__":
            found += _below(entry, f"{prefix}{entry.name}/")
        elif entry.is_file():
            found.append((prefix + entry.name, entry.read_text("utf-8")))
    return found

"""`sncompile`: finds the command, and answers for how it ends."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from sncompile import __version__
from sncompile.cli.words import ARGUMENTS
from sncompile.diagnostics import did_you_mean
from sncompile.uncollected import uncollected

COMMANDS = {
    "compile": "compile a spec to the files of a target",
    "check": "find every fault; write nothing",
    "fix": "mend what a diagnostic knows how to mend",
    "fmt": "lay out specs in one style",
    "migrate": "rewrite specs for a later version of the language",
    "plan": "say what would be done: steps, instances, files, resources",
    "diff": "say which jobs differ between two specs, and why",
    "run": "compile and run a pipeline, and watch it",
    "runs": "list the runs of a folder, and delete old ones",
    "status": "say where a run stands, and what failed",
    "logs": "print what the jobs of a run have said",
    "cancel": "end a run with all its jobs",
    "report": "write a page about a run",
    "resources": "write settings for steps from what their jobs took in runs",
    "serve": "show a page about a run that follows it while it works",
    "graph": "draw the steps and how their keys relate",
    "describe": "show a module's ports, parameters, command and citations",
    "index": "make a table of the files in a folder, by their names",
    "infer": "show the values that are read off the tables, with their evidence",
    "explain": "tell more about a diagnostic's code",
    "init": "write a small project that runs",
    "new": "write a new document: a module from a command line",
    "doctor": "say what of engines, containers and disks is here, and how to get the rest",
    "lock": "record the images, repositories and modules that pipelines use, as they are now",
    "import": "make a module from a spec of another kind: bilayers",
    "export": "make a spec of another kind from a module: bilayers",
    "lsp": "serve an editor: completion, diagnostics and more while a spec is typed",
    "schema": "print the JSON Schema of pipelines or modules",
    "targets": "list what can be compiled to, and what each can express",
}
"""Command → its line in the help. Each is `cli/NAME.py`, imported when it is called and not before."""

EXIT_INTERNAL = 70


class Commands(click.Group):
    """The commands, each imported when needed; `sncompile SPEC` means `sncompile compile SPEC`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"sncompile.cli.{cmd_name}_command").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `compile` before a spec, and keep the words for the record of a run."""
        own = {"--help", "-h", "--version"}
        if args and args[0] not in COMMANDS and args[0] not in own:
            if not args[0].startswith("-") and "." not in args[0] and not Path(args[0]).exists():
                hint = did_you_mean(args[0], COMMANDS, what="commands")
                raise click.UsageError(f"no command and no file `{args[0]}`; {hint}", ctx)
            args = ["compile", *args]
        ctx.meta[ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=False,
)
@click.version_option(__version__, prog_name="sncompile")
def cli() -> None:
    """Compile declarative YAML pipelines to Snakefiles, and run them.

    `sncompile SPEC` is `sncompile compile SPEC`.
    """
    try:
        os.getcwd()
    except OSError as error:
        # Nothing can be named from here, not even by an absolute path: much is told relative to where one stands.
        told = f"the folder in which you stand cannot be used: {error.strerror}"
        raise click.UsageError(f'{told}; go to another one, or to the one in its place with `cd "$PWD"`') from None


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and leave with its exit code; a fault of our own ends in code 70 and how to report it."""
    try:
        with uncollected():
            cli.main(args=arguments, prog_name="sncompile", standalone_mode=True)
    except BrokenPipeError:
        # Whoever read our output has enough (`sncompile … | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        _report_own_fault(error)
        sys.exit(EXIT_INTERNAL)
    finally:
        if arguments is None and "_duckdb" not in sys.modules:
            # The process is about to end: nothing that it made needs to be looked through, or given back, one by one.
            # But DuckDB complains at its end of what is not given back.
            gc.freeze()


def _report_own_fault(error: Exception) -> None:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="sncompile-fault-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(f"sncompile {__version__}, Python {sys.version}\n{sys.argv!r}\n\n")
        file.write("".join(traceback.format_exception(error)))
    message = f"{type(error).__name__}: {error}".splitlines()[0]
    click.echo(
        f"sncompile: a fault of sncompile itself, not of your spec ({message[:200]})\n"
        f"please report it with the file {file.name}",
        err=True,
    )


if __name__ == "__main__":
    main()

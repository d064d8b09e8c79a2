"""`sncompile serve RUN`: a page about a run that follows it."""

from __future__ import annotations

import signal
import sys

import click

from sncompile.cli import completing
from sncompile.cli.runs import watch_run
from sncompile.diagnostics.system_errors import reason


@click.command("serve")
@click.argument("run", metavar="[RUN]", default=".", shell_complete=completing.run)
@click.option("--port", type=click.IntRange(1, 65535), help="The port; a free one unless given.")
@click.option("--open", "opened", is_flag=True, help="Open the page in a browser.")
def command(run: str, port: int | None, opened: bool) -> None:
    """Serve a page about a run that follows it while it works, on this machine, until Ctrl-C.

    RUN is as for `status`. The page's address is printed: it holds a secret, so that nobody else on this machine
    sees the run. Nothing is written, and of files only outputs and logs of the run's jobs are given out.
    """
    from sncompile.runner.page.live import LivePage
    from sncompile.runner.page.server import HOST, PageServer

    watch = watch_run(run)
    try:
        server = PageServer(LivePage(watch), port or 0)
    except OSError as error:
        click.echo(f"sncompile: port {port} of {HOST} cannot be had: {reason(error, HOST)}; leave out --port", err=True)
        sys.exit(1)
    # Both end it as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        click.echo(server.address)
        click.echo(f"the page about {watch.folder.path.name}; Ctrl-C ends it, and not the run", err=True)
        if opened:
            click.launch(server.address)
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        server.close()

"""Starts one command, waits for it, and tells what it cost: `launcher.py SECONDS LOG COMMAND…`.

This is a process of its own and imports little: Linux counts what the parent of a process held in memory when it was
started as memory of that process. Written to run with `python -I -S`, outside of any package.

What the command leaves running becomes a child of this process and counts as well: `sncompile run` starts an engine
that outlives it by a moment.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Print `{code, user, sys, wall, peak_kb}` as JSON. A run longer than SECONDS is ended, and its code is null."""
    seconds, log, *command = sys.argv[1:]
    # prctl(2): from now on, who loses its parent gets this one.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setsid()
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    ended = [False]

    def end(*_: object) -> None:
        ended[0] = True
        os.killpg(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.alarm(max(1, int(float(seconds))))
    try:
        _, status = os.waitpid(child, 0)
    except BaseException:
        os.killpg(child, signal.SIGKILL)
        raise
    wall = time.monotonic() - start
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    while not ended[0]:
        try:
            os.wait()
        except ChildProcessError:
            break
    signal.alarm(0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        json.dumps(
            {
                "code": None if ended[0] else os.waitstatus_to_exitcode(status),
                "user": used.ru_utime,
                "sys": used.ru_stime,
                "wall": wall,
                "peak_kb": used.ru_maxrss,
            }
        )
    )


main()

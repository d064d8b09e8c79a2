"""Starts one command, waits for it, and tells what it cost: `launcher.py SECONDS LOG COMMAND…`.

This is a process of its own and imports next to nothing: Linux counts what the parent of a process held in memory when
it was started as memory of that process. Written to run with `python -I -S`, outside of any package.
"""

import json
import os
import signal
import sys
import time


def main() -> None:
    """Print `{code, user, sys, wall, peak_kb}` as JSON. A run longer than SECONDS is ended, and its code is null."""
    seconds, log, *command = sys.argv[1:]
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
        _, status, used = os.wait4(child, 0)
    except BaseException:
        os.killpg(child, signal.SIGKILL)
        raise
    signal.alarm(0)
    print(
        json.dumps(
            {
                "code": None if ended[0] else os.waitstatus_to_exitcode(status),
                "user": used.ru_utime,
                "sys": used.ru_stime,
                "wall": time.monotonic() - start,
                "peak_kb": used.ru_maxrss,
            }
        )
    )


main()

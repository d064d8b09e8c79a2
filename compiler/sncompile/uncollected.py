"""Python's garbage collector, put off while a compile runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """A stretch without the garbage collector, which is as it was afterwards. Also a decorator.

    A compile makes millions of objects that live to its end: looking for cycles among them would double its time.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # All that was made counts as old from here on, so that it is not looked through the very next moment.
            gc.freeze()
            gc.unfreeze()
        gc.enable()

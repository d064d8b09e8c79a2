"""Batches of which a part runs on other machines.

The engine in a run's own process knows that what the rest of a batch read need not be there. A node's Snakemake does
not: it waits for it, does nothing, and ends well (9.27), so that old results would count as made.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping

from sncompile.diagnostics import CompileError, Span
from sncompile.faults import runs as faults
from sncompile.ir.language.locations import is_url
from sncompile.runner.state.orders import Order


def refuse_lacking(
    orders: Iterable[Order], optional: Collection[str], spans: Mapping[str, Span], folder: str,
    documents: Mapping[str, str],
) -> None:  # fmt: skip
    """Raise `CompileError` where a batch reads what is not there and no job of the run makes.

    `optional` are files, absolute, that need not be there; `spans` are the places of steps.
    """
    every = list(orders)
    made = {path for order in every if order.verdict for path in order.outputs}
    seen: set[str] = set()
    for order in (order for order in every if order.mark):
        for path in order.inputs:
            if path in seen or path in made or path in optional or is_url(path):
                continue
            seen.add(path)
            if os.path.lexists(path):
                continue
            step = order.id.partition("/")[0]
            place = os.path.relpath(path, folder)
            message = f"a part of a batch of `{step}` has to run, and the rest reads `{place}`, which is not there"
            help = (
                "other machines do no part of such a batch: run without batches (`--no-pass batch`), or without `-O2`"
            )
            raise CompileError([faults.PART_OF_BATCH.at(spans.get(step), message, help=help)], dict(documents))

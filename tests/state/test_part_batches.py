"""Batches of which a part runs on other machines (`runner/state/part_batches.py`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sncompile.diagnostics import CompileError
from sncompile.runner.state.orders import Order
from sncompile.runner.state.part_batches import refuse_lacking
from sncompile.state.decisions import Verdict

RUN, MAY, STAYS = Verdict.RUN, Verdict.MAY, Verdict.STAYS


def order(folder: Path, key: str, verdict: Verdict, *, batch: bool = True, step: str = "count") -> Order:
    """A job that reads `KEY.in` and writes `STEP/KEY`; those of a batch are known by one mark."""
    read, written = (str(folder / f"{key}.in"),), (str(folder / step / key),)
    engine = f"{step}.done" if batch else written[0]
    mark = f"{step}/{key}.done" if batch else ""
    return Order(engine, f"{step}/{key}", verdict, str(folder), key, "", read, written, None, False, mark)


def refused(folder: Path, orders: list[Order], optional: tuple[str, ...] = ()) -> str:
    """What is said of some orders; empty where they can be given."""
    try:
        refuse_lacking(orders, [str(folder / path) for path in optional], {}, str(folder), {})
    except CompileError as error:
        return error.diagnostics[0].message
    return ""


@pytest.mark.parametrize("rest", [STAYS, MAY])
def test_what_the_rest_of_a_batch_reads_has_to_be_there(tmp_path: Path, rest: Verdict) -> None:
    (tmp_path / "a.in").touch()
    orders = [order(tmp_path, "a", RUN), order(tmp_path, "b", rest)]
    assert refused(tmp_path, orders) == (
        "a part of a batch of `count` has to run, and the rest reads `b.in`, which is not there"
    )
    assert not refused(tmp_path, orders, ("b.in",)), "an optional output need not be there"
    (tmp_path / "b.in").touch()
    assert not refused(tmp_path, orders)


def test_what_the_run_makes_and_jobs_alone_read_is_no_matter(tmp_path: Path) -> None:
    maker = Order("m", "make/a", RUN, "", "a", "", (), (str(tmp_path / "a.in"),), None, False)
    assert not refused(tmp_path, [maker, order(tmp_path, "a", MAY)])
    assert not refused(tmp_path, [order(tmp_path, "c", MAY, batch=False)])

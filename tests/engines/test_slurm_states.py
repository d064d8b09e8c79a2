"""What SLURM's accounting says of a job, as the plugin is told it (`runner/engine/slurm_states.py`)."""

from __future__ import annotations

import asyncio
import logging
import sys
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest

from sncompile.runner.engine.slurm_states import mend_states

SAID = {"61": "CANCELLED by 0", "62": "COMPLETED", "63": "RUNNING", "64": ""}
PLAIN = {**SAID, "61": "CANCELLED"}


def test_a_cancelled_job_is_one_whoever_cancelled_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With whom, its state was none that the plugin knows, and the run waited for the job for ever."""

    async def asked(command: str, logger: object) -> tuple[dict[str, str], float]:
        return SAID, 0.1

    async def unanswered(command: str, logger: object) -> tuple[None, None]:
        return None, None

    for query, told in ((asked, (PLAIN, 0.1)), (unanswered, (None, None))):
        plugin = SimpleNamespace(query_job_status=query)
        monkeypatch.setitem(sys.modules, "snakemake_executor_plugin_slurm", plugin)
        mend_states()
        assert asyncio.run(plugin.query_job_status("sacct", logger=None)) == told


@pytest.mark.skipif(not find_spec("snakemake_executor_plugin_slurm"), reason="SLURM's plugin is not installed")
def test_the_plugin_asks_as_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is mended is what the plugin itself calls."""
    plugin: Any = import_module("snakemake_executor_plugin_slurm")
    monkeypatch.setattr(plugin, "query_job_status", plugin.query_job_status)
    mend_states()
    assert "query_job_status" in plugin.Executor.check_active_jobs.__code__.co_names
    states, _ = asyncio.run(plugin.query_job_status("echo '61|CANCELLED by 0'", logging.getLogger()))
    assert states == {"61": "CANCELLED"}

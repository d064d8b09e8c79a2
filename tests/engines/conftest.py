"""What holds for all tests of engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_job_waits_for_ever(tmp_path: Path) -> Iterator[None]:
    """Jobs that wait for the file `wait` to go do so no more when their test is over, however that ended."""
    yield
    (tmp_path / "wait").unlink(missing_ok=True)

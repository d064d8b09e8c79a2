"""A run tells beside its data that it lives, and stops doing so before it lets go of its claims."""

from __future__ import annotations

from threading import Event
from typing import Any, cast

import pytest

from sncompile.runner.engine import jobs


class Beat:
    """A claim that can be let go of."""

    def __init__(self) -> None:
        self.heard, self.held = Event(), True

    def live(self) -> bool:
        """Whether it is held still."""
        self.heard.set()
        return self.held


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SIGN_OF_LIFE", 0.001)


@pytest.mark.usefixtures("quick")
def test_a_claim_that_is_let_go_of_afterwards_was_not_lost() -> None:
    """Where signs went on, a run at its end could take itself for one that another run has taken over."""
    claim, lost = Beat(), list[Any]()
    signs = jobs.SignsOfLife([cast(Any, claim)], lost.append)
    signs.start()
    assert claim.heard.wait(60)
    signs.stop()
    claim.held = False
    assert not signs.is_alive()
    assert lost == []


@pytest.mark.usefixtures("quick")
def test_a_claim_that_somebody_took_is_told_as_lost() -> None:
    claim, lost = Beat(), list[Any]()
    claim.held = False
    signs = jobs.SignsOfLife([cast(Any, claim)], lost.append)
    signs.start()
    signs.join(60)
    assert lost == [claim]

"""The double does what the real command does, call by call (`outcomes.json`, made with the real one)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.starrynight.commands import double
from tests.starrynight.double.command_line import COMMANDS, FACTS
from tests.starrynight.library import MODULES
from tests.starrynight.observe import OUTCOMES, Call, Observer, calls

TOLD = json.loads(OUTCOMES.read_text("utf-8"))
OBSERVED = TOLD["outcomes"]


@pytest.fixture(scope="module")
def observer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observer]:
    """Calls the double."""
    scratch = tmp_path_factory.mktemp("double")
    served = double(scratch / "command")
    yield Observer(served, scratch, served)
    served.close()


@pytest.mark.parametrize("call", list(calls()), ids=lambda call: call.name.replace(" ", "-"))
def test_the_double_does_what_the_real_one_does(call: Call, observer: Observer) -> None:
    """Exit status, the line that says what is wrong, the files that are written and what load data and indexes hold."""
    assert observer.observe(call) == OBSERVED[call.name]


def test_the_facts_are_of_one_commit() -> None:
    """And of all calls that are listed, and no others."""
    assert {name: TOLD[name] for name in ("commit", "version")} == {n: FACTS[n] for n in ("commit", "version")}
    assert FACTS["commit"].startswith(MODULES_COMMIT)
    assert set(OBSERVED) == {call.name for call in calls()}


MODULES_COMMIT = "479d595"


def test_every_command_of_a_module_is_there() -> None:
    """The 36 modules use 20 of the commands; of four more there is no module."""
    used = {words for facts in MODULES.values() for words in COMMANDS if _begins(facts["command"][1:], words.split())}
    assert sorted(set(COMMANDS) - used) == ["exp init", "exp new", "illum apply qc", "illum calc qc"]


def _begins(command: list[str], words: list[str]) -> bool:
    return command[: len(words)] == words


def test_every_command_is_called() -> None:
    """Rightly and wrongly."""
    for words in COMMANDS:
        exits = {outcome["exit"] for outcome in OBSERVED.values() if _begins(outcome["call"].split(), words.split())}
        assert 2 in exits
        assert exits & {0, 1}

"""What `outcomes.json` says is so with the `starrynight` that is on PATH: `make test-starrynight`.

Skipped where there is none: this repository neither holds nor builds it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.starrynight.commands import HERE, double, real, real_command
from tests.starrynight.double.command_line import COMMANDS
from tests.starrynight.observe import Call, Observer, calls

pytestmark = pytest.mark.skipif(real_command() is None, reason="no `starrynight` on PATH but, at most, the double")


@pytest.fixture(scope="module")
def observers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Observer, Observer]]:
    """Calls the real command, and the double, in the same folders."""
    scratch = tmp_path_factory.mktemp("real")
    helper, command = double(scratch / "helper"), real(scratch / "command")
    yield Observer(command, scratch, helper), Observer(helper, scratch, helper)
    command.close()
    helper.close()


@pytest.mark.parametrize("call", list(calls()), ids=lambda call: call.name.replace(" ", "-"))
def test_the_real_one_does_what_the_double_does(call: Call, observers: tuple[Observer, Observer]) -> None:
    """The same arguments in the same folder, the same exit status, message and files."""
    real_one, double_one = observers
    assert real_one.observe(call) == double_one.observe(call)


def test_the_command_line_is_the_real_one() -> None:
    """Options, their types and defaults, as the command has them now."""
    command = real_command()
    assert command is not None
    python = command.read_text("utf-8").splitlines()[0].removeprefix("#!")
    done = subprocess.run([python, HERE / "read_command_line.py"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["commands"] == COMMANDS

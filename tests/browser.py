"""A headless Chromium for tests, spoken to by its developer tools over two pipes: no network, no driver, no library."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 60

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


class Browser:
    """One page of a browser."""

    def __init__(self, process: subprocess.Popen[bytes], commands: int, answers: int) -> None:
        self._process, self._commands, self._answers = process, commands, answers
        self._numbers, self._rest, self._session = count(1), b"", ""
        self.troubles: list[str] = []
        """What the page has complained of: exceptions, and what its policy kept from loading."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, address: str) -> None:
        """Go to a page, and wait until it stands."""
        told = self._call("Page.navigate", url=address)
        assert "errorText" not in told, told
        self.until("document.readyState === 'complete'")

    def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        told = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression is true in the page."""
        end = time.monotonic() + PATIENCE
        while not self.value(f"Boolean({expression})"):
            assert time.monotonic() < end, expression
            time.sleep(0.02)

    def click(self, selector: str) -> None:
        """Click on the first element that fits."""
        self._send(selector, "new MouseEvent('click', {bubbles: true})")

    def press(self, selector: str, key: str) -> None:
        """Press a key on the first element that fits."""
        self._send(selector, f"new KeyboardEvent('keydown', {{key: {json.dumps(key)}, bubbles: true}})")

    def choose(self, selector: str, value: str) -> None:
        """Choose one of what a field offers."""
        self.value(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(value)}")
        self._send(selector, "new Event('change', {bubbles: true})")

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """Where the first element that fits stands in the window: its left end and top, its width and height."""
        place = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y, width, height = self.value(f"(({{x, y, width, height}}) => [x, y, width, height])({place})")
        return x, y, width, height

    def _send(self, selector: str, event: str) -> None:
        self.value(f"document.querySelector({json.dumps(selector)}).dispatchEvent({event})")

    def write(self, selector: str, text: str) -> None:
        """Write a text into a field."""
        field = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{field}.value = {json.dumps(text)}; {field}.dispatchEvent(new Event('input', {{bubbles: true}}))")

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that fit."""
        found = self.value(f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.textContent.trim())")
        assert isinstance(found, list)
        return found

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        asked = {"id": number, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._commands, json.dumps(asked).encode() + b"\0")
        while True:
            told = self._read()
            if told.get("id") == number:
                assert "error" not in told, told
                found = told["result"]
                assert isinstance(found, dict)
                return found
            self._hear(told)

    def _hear(self, told: dict[str, Any]) -> None:
        if told.get("method") == "Runtime.exceptionThrown":
            self.troubles.append(json.dumps(told["params"]["exceptionDetails"]))
        elif told.get("method") == "Log.entryAdded":
            self.troubles.append(told["params"]["entry"]["text"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self._answers, 1 << 16)
            assert piece, "the browser is gone"
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        found = json.loads(message)
        assert isinstance(found, dict)
        return found


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser whose own files lie in a folder."""
    assert CHROMIUM is not None
    commands, to_commands = os.pipe()
    answers, to_answers = os.pipe()
    # It reads from 3 and writes to 4, whichever numbers the pipes have here.
    given = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (commands, to_answers)]

    def place() -> None:
        os.dup2(given[0], 3)
        os.dup2(given[1], 4)

    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"]
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            [CHROMIUM, *options, f"--user-data-dir={folder / 'chromium'}", "--window-size=1300,1600"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=False, preexec_fn=place,
        )  # fmt: skip
    for end in (commands, to_answers, *given):
        os.close(end)
    try:
        yield Browser(process, to_commands, answers)
    finally:
        os.close(to_commands)
        os.close(answers)
        process.terminate()
        process.wait()

"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re
from importlib import import_module

from sncompile.lazy_regex import LazyRegex, regex
from tests.test_imports import MODULES


def test_every_one_of_the_package_can_be_compiled() -> None:
    """No faulty one waits for the user who comes to it first."""
    found = [
        (module, name, held)
        for module in MODULES
        if not module.endswith("__main__")
        for name, held in vars(import_module(module)).items()
        if isinstance(held, LazyRegex)
    ]
    assert len(found) > 200
    for module, name, held in found:
        assert re.compile(held.pattern, held._flags), (module, name)


def test_it_is_compiled_at_its_first_use_and_once() -> None:
    found = regex("(?P<letter>a)+", re.IGNORECASE)
    assert not hasattr(found, "__wrapped__")
    assert "fullmatch" not in vars(found)
    assert found.fullmatch("aA")
    assert vars(found)["fullmatch"] == re.compile("(?P<letter>a)+", re.IGNORECASE).fullmatch
    assert (found.groups, found.groupindex, found.pattern) == (1, {"letter": 1}, "(?P<letter>a)+")


def test_bytes() -> None:
    assert regex(rb"\d+").findall(b"a1b22") == [b"1", b"22"]

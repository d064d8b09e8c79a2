"""Options that tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--accept`: what is expected is rewritten to what is found."""
    parser.addoption("--accept", action="store_true", help="rewrite expected results")

"""What systems let a program be started with."""

from __future__ import annotations

MOST_WORD = 131_072
"""Bytes of one argument, with what ends it: 32 pages of memory (`MAX_ARG_STRLEN` of Linux)."""

MOST_LINE = 2 * 1024 * 1024 - MOST_WORD
"""Bytes of all arguments, beside which the environment has to have room: a quarter of the usual stack."""

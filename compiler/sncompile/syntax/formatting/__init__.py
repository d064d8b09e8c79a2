"""Lays out YAML in one style, which changes nothing of what it says: `format_text` (decision 0087)."""

from sncompile.syntax.formatting.format import format_text

__all__ = ["format_text"]

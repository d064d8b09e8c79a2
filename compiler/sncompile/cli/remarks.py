"""Remarks of the passes, as they leave."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sncompile.cli.reporter import write
from sncompile.views.remarks_text import remarks_text

if TYPE_CHECKING:
    from sncompile.passes.result import Remark


def show_remarks(remarks: Sequence[Remark], form: str) -> None:
    """Write remarks to standard error: text, or one JSON object a line."""
    if form == "json":
        write("".join(json.dumps(r.as_object(), ensure_ascii=False) + "\n" for r in remarks), err=True)
    else:
        write(remarks_text(remarks), err=True)

"""For people who test their own specs: what to assert, and (in `strategies`) tables and specs to try it on; and for
those who write a target, pages of what every target has to do (`conformance.py`).

The checks need nothing but sncompile; `for_any_table` and the strategies need Hypothesis, the extra `testing`.
"""

from __future__ import annotations

from sncompile.testing.checks import assert_distinct_outputs, assert_no_lost_files, assert_same_jobs, for_any_table
from sncompile.testing.compiling import compiled, jobs_of
from sncompile.testing.conformance import conformance_pages, target_conformance
from sncompile.testing.spec import Spec, write_spec

__all__ = [
    "Spec",
    "assert_distinct_outputs",
    "assert_no_lost_files",
    "assert_same_jobs",
    "compiled",
    "conformance_pages",
    "for_any_table",
    "jobs_of",
    "target_conformance",
    "write_spec",
]

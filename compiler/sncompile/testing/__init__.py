"""For people who test their own specs: what to assert, and (in `strategies`) tables and specs to try it on.

The checks need nothing but sncompile; `for_any_table` and the strategies need Hypothesis, the extra `testing`.
"""

from __future__ import annotations

from sncompile.testing.checks import assert_distinct_outputs, assert_no_lost_files, assert_same_jobs, for_any_table
from sncompile.testing.compiling import compiled, jobs_of
from sncompile.testing.spec import Spec, write_spec

__all__ = [
    "Spec",
    "assert_distinct_outputs",
    "assert_no_lost_files",
    "assert_same_jobs",
    "compiled",
    "for_any_table",
    "jobs_of",
    "write_spec",
]

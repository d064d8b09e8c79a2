"""Facts about faults, and their forms for people and machines. Knows nothing of what faults exist."""

from sncompile.diagnostics.model import Diagnostic, Edit, Fault, Fix, Hint, Related, Severity, Span
from sncompile.diagnostics.report import CompileError, Report
from sncompile.diagnostics.suggest import did_you_mean, meaning, nearest

__all__ = [
    "CompileError",
    "Diagnostic",
    "Edit",
    "Fault",
    "Fix",
    "Hint",
    "Related",
    "Report",
    "Severity",
    "Span",
    "did_you_mean",
    "meaning",
    "nearest",
]

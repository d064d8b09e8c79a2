"""SN471, SN472: comments that keep a warning from being told."""

from sncompile.diagnostics import Fault, Severity

BAD_SUPPRESSION = Fault(
    "SN471",
    "a suppression that does nothing",
    "`# sncompile: ignore[SN224] the tool knows where to write` keeps warnings of a code from being told of its line,\n"
    "or of the line below where it stands alone. It names each code, and a reason, which tells the next reader why.\n"
    "Errors cannot be suppressed: what is wrong stays wrong.",
    Severity.WARNING,
)
UNUSED_SUPPRESSION = Fault(
    "SN472",
    "a suppression of nothing",
    "No warning of that code is told of the line. Remove the comment, before it hides a warning that comes later.",
    Severity.WARNING,
)

"""SN471 to SN476: what is valid and hardly meant, and comments that keep such warnings from being told."""

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
NO_REFERENCE = Fault(
    "SN473",
    "a text that looks like a reference",
    "References are written `${inputs.image}`, `${well}`. `{input.image}` (Snakemake), `$inputs.image` and `{well}`\n"
    "are text, which the command gets as it stands. Where that is meant, suppress the warning with a reason.",
    Severity.WARNING,
)
FILE_BESIDE = Fault(
    "SN474",
    "a script of the module that its job does not find",
    "Jobs run in the working folder of the pipeline, and not beside the module. `${file('measure.py')}` is a file\n"
    "beside it: it is copied with what is emitted, and counts in the job's digest.",
    Severity.WARNING,
)
FOLDED_SCRIPT = Fault(
    "SN475",
    "a script whose lines become one",
    "YAML joins the lines of a plain text with spaces, so that the second command becomes arguments of the first.\n"
    "`shell: |` keeps the lines.",
    Severity.WARNING,
)
CROSSED_PORTS = Fault(
    "SN476",
    "two inputs that take one output",
    "Two inputs of a step take the same output, while another output of that step has the name of one of them and is\n"
    "read by nobody, as when a line was copied and changed by half.",
    Severity.WARNING,
)

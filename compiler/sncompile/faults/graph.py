"""SN5xx: steps, paths and files do not fit together."""

from sncompile.diagnostics import Fault, Severity

CYCLE = Fault(
    "SN501",
    "steps that wait for each other",
    "Every step of the cycle needs one that comes after it, so none can start. Take out one of\n"
    "the\nreferences\nshown.",
)
TWO_WRITERS = Fault(
    "SN502",
    "one path, two writers",
    "Two instances, or two steps, would write the same file; which one wins would be chance. Put what tells them\n"
    "apart into the path.",
)
PATH_LACKS_KEY = Fault(
    "SN503",
    "a path that lacks a key",
    "A path said by hand must contain every key that its step ranges over; otherwise its instances would write\n"
    "over each other.",
)
NESTED_PATHS = Fault(
    "SN504",
    "an output inside another output",
    "A file or directory lies below another output of the pipeline: whoever makes or deletes the outer one\n"
    "touches the inner one. Give them separate places.",
)
UNDECLARED_EDGE = Fault(
    "SN505",
    "a path that another step makes, not taken from it",
    "An input names, as text, a file that a step of this pipeline writes. Refer to the output (`${step.port}`):\n"
    "then the order is certain, and moving the output moves the input. What a module takes by convention is taken\n"
    "from the step that writes it, as long as the keys say which of its instances feeds which.",
)
NO_PATH = Fault(
    "SN506",
    "an output whose path cannot be derived",
    "A list of files (`file[]`) has no derived path: give the module's output, or the step's, a list of paths.",
)
BAD_PATH = Fault(
    "SN507",
    "a path that no file can have",
    "Paths are not empty, hold no control characters, and no part of them is longer than 255 bytes.",
)
BAD_ROOT = Fault("SN508", "a data root that is none", "A data root is a path or a URL, the same for all jobs.")
MISSING_FILE = Fault(
    "SN511",
    "an input file that is not there",
    "No step writes the file and it does not exist. That is a warning when compiling, since the data may lie\n"
    "elsewhere, and an error before a run.",
    Severity.WARNING,
)

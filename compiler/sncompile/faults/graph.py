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
    "Paths are not empty, hold no control characters, and no part of them is longer than 255 bytes. A whole path has\n"
    "4095 bytes at most, the working folder and what an engine adds to it included. No output is the working folder,\n"
    "the home folder, a folder around one of them, or something in `/` itself: engines delete outputs before a job.",
)
BAD_ROOT = Fault("SN508", "a data root that is none", "A data root is a path, the same for all jobs.")
MISSING_FILE = Fault(
    "SN511",
    "an input file that is not there",
    "No step writes the file and it does not exist, or a pointer of Git LFS stands in its place. That is a warning\n"
    "when compiling, since the data may lie elsewhere, and an error before a run.",
    Severity.WARNING,
)
OVER_DATA = Fault(
    "SN512",
    "an output over what is read",
    "An engine deletes what stands at an output's place before the job: raw data would be lost. Paths are compared by\n"
    "what they are, so it makes no difference whether one is absolute, relative, or leads through a link. Give the\n"
    "output a place of its own, or leave its path out.",
)
CAUGHT_BY_PATTERN = Fault(
    "SN513",
    "a pattern that catches the pipeline's own outputs",
    "The table lists files, and an output will be among them: the next compile would take it for data. Leave the\n"
    "output's path out (it is derived then), have the pattern start at a folder that no step writes to, or constrain\n"
    "its parts (`{site,[0-9]+}`) so that the output does not fit.",
)
OVER_OWN_FILE = Fault(
    "SN514",
    "an output over a file of the pipeline's own",
    "The place belongs to the pipeline (its spec, modules, scripts, tables, parameters, images) or to sncompile and\n"
    "its engine (emitted files, records, logs, `.snakemake`, `.git`): it would be deleted before the job. Give the\n"
    "output a place of its own.",
)
DIFFER_BY_CASE = Fault(
    "SN515",
    "outputs whose paths differ only by case",
    "Or by the form of a letter with an accent. Most volumes of macOS and Windows take both for one file: there one\n"
    "job would write over the other's result, and such results cannot be copied there. On a volume that is known to\n"
    "take both for one file it is an error (SN502).",
    Severity.WARNING,
)
INTO_READ = Fault(
    "SN516",
    "an output in a folder that is read",
    "A step reads the folder as a whole, and another, or the step itself, writes into it although nothing waits for\n"
    "that. What is written may stand in the place of something that was read, and the folder is not the same from run\n"
    "to run. Write elsewhere, or read single files. A step that waits for the other (`after`) may read what it wrote.",
    Severity.WARNING,
)

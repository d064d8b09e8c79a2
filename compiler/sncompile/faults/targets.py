"""SN6xx: the spec is right, but the target cannot express it."""

from sncompile.diagnostics import Fault

UNKNOWN_TARGET = Fault("SN601", "an unknown target", "`sncompile targets` lists the targets there are.")
BRACE_IN_PATH = Fault(
    "SN602",
    "a brace in a path (Snakemake)",
    "Snakemake takes a brace in any path for a wildcard, and there is no way to escape it. Derived paths encode\n"
    "it; a path of your own, or an input file's, must do without.",
)
WILDCARDS_DIFFER = Fault(
    "SN603",
    "outputs that vary differently (Snakemake)",
    "Snakemake wants every output of a rule to hold the same wildcards. Give all paths of the step by hand with\n"
    "the same varying parts, or none of them.",
)
AMBIGUOUS_PATH = Fault(
    "SN604",
    "a path that Snakemake cannot take apart",
    "Two keys meet in a path such that Snakemake cannot tell where one ends. Separate them by `/` or by a sign\n"
    "that no key holds, or leave the path out: it is derived then.",
)
URL_INPUT = Fault(
    "SN605",
    "a URL as a file (Snakemake)",
    "Remote files need one of Snakemake's storage plugins, which this version does not set up. Fetch the file in\n"
    "a step, or mount the storage and name it as a path.",
)
OPTIONAL_OUTPUT = Fault(
    "SN606",
    "an optional output (Snakemake)",
    "Snakemake has no outputs that a job may leave out: a missing one is a failure. Have the tool write an empty\n"
    "file, or a directory that may be empty, and drop the `?`.",
)
BAD_OUTPUT_FOLDER = Fault(
    "SN611",
    "files cannot be written",
    "The folder for the emitted files cannot be made or written to, or holds something that sncompile\n"
    "did\nnot\nwrite.",
)
OUT_OF_DATE = Fault(
    "SN612",
    "emitted files differ from what would be written",
    "`--check` compares byte for byte. Compile again without `--check` and commit the files.",
)

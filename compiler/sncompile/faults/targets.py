"""SN6xx: the spec is right, but the target cannot express it."""

from sncompile.diagnostics import Fault, Severity

UNKNOWN_TARGET = Fault("SN601", "an unknown target", "`sncompile targets` lists the targets there are.")
BRACE_IN_PATH = Fault(
    "SN602",
    "a brace in a path (Snakemake)",
    "Snakemake takes a brace in any path for a wildcard, and there is no way to escape it. Derived paths encode\n"
    "it; a path of your own, or an input file's, must do without. So must the name of an image, which may hold no\n"
    "space either.",
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
NOT_TEXT = Fault(
    "SN607",
    "a name that is no text (Snakemake)",
    "A file's name or another value holds bytes that are not UTF-8. Snakefiles and the tables beside them hold text\n"
    "alone: rename the file.",
)
NOT_DOCKER = Fault(
    "SN608",
    "an image that only Apptainer runs",
    "Docker and podman take images from registries, and those that they hold themselves. Image files (`.sif`) and\n"
    "images from `oras://`, `library://` and `shub://` are Apptainer's.",
)
NOT_AT_RUN_TIME = Fault(
    "SN609",
    "a function that an engine cannot compute",
    "A resource that names `attempt` or the size of an input is computed by the engine when the job is about to run,\n"
    "in the engine's own language. Numbers, comparisons, choices, lists and their indexes have a form there; most\n"
    "functions of texts and paths have none. What names neither can be anything.",
)
BAD_OUTPUT_FOLDER = Fault(
    "SN611",
    "files cannot be written",
    "The folder for the emitted files cannot be made or written to, or holds something that sncompile did not write.",
)
OUT_OF_DATE = Fault(
    "SN612",
    "emitted files differ from what would be written",
    "`--check` compares byte for byte. Compile again without `--check` and commit the files.",
)
LOST_FILE = Fault(
    "SN613",
    "a module's file is gone",
    "The file was there when the spec was checked, and could not be read when it was to be copied: it was deleted, or\n"
    "a link took its place. Compile again.",
)
LACKING = Fault(
    "SN614",
    "something that a target's engine cannot do",
    "The spec is right, but what is compiled to has no words for something in it. `sncompile targets` says what each\n"
    "target can express. Compile to another one, or do without.",
)
NO_OPTION = Fault(
    "SN615",
    "an option that a target does not take",
    "Targets have options of their own (`--target-option NAME=VALUE`); `sncompile targets` lists them. `--benchmark`\n"
    "and `--containers` are options of those targets that can do as they say.",
)
BAD_TARGET = Fault(
    "SN616",
    "a target that cannot be used",
    "An installed package offers a target by the entry point `sncompile.targets` that cannot be loaded, or that is no\n"
    "`Target`. Mend the package, or uninstall it.",
)
NOT_READ = Fault(
    "SN617",
    "emitted files that nothing reads back",
    "`--verify` has the emitted files read again, and compares what they say with the spec, job by job. A target may\n"
    "have nothing that reads its files.",
)
NOT_HEEDED = Fault(
    "SN618",
    "a resource that a target does not heed",
    "Jobs ask for it, and the engine of the target has no means to hold them to it or to see that there is enough.\n"
    "They run all the same.",
    Severity.REMARK,
)
CWL_PLACE = Fault(
    "SN621",
    "a path that leads out of a job's folder (CWL)",
    "CWL gives every job a folder of its own, and takes the outputs from there. So outputs must have relative\n"
    "paths without `..`: set the data root to a folder below the working folder, and tell the engine where results\n"
    "go (`cwltool --outdir`). Inputs may lie anywhere, but the working folder itself is none.",
)
CWL_IMAGE = Fault(
    "SN622",
    "a container that CWL cannot name",
    "CWL names images of a registry, as `org/tool:1.4` or `org/tool@sha256:…`, one for each step. Files such as\n"
    "`tool.sif` and images that differ between the jobs of a step have no form there.",
)
CWL_GPUS = Fault(
    "SN623",
    "GPUs (CWL)",
    "CWL v1.2 has no word for GPUs; what engines have instead names versions of drivers. Leave `gpus` out for CWL.",
)
CWL_CONDA = Fault(
    "SN624",
    "a conda environment (CWL)",
    "CWL has no conda environments. Give the step a container, or install the tools where the engine runs and leave\n"
    "`conda` out.",
)
CWL_SECRET = Fault(
    "SN625",
    "a secret in a container (CWL)",
    "CWL engines hand variables to a container in the words of a command, and write that command to their logs. So a\n"
    "secret would be seen. Without a container, `cwltool --preserve-environment NAME` hands it on unseen.",
)
CWL_OPTIONAL = Fault(
    "SN626",
    "an optional output (CWL)",
    "The jobs that take an optional output could not tell whether it is there. Have the tool write an empty file, or\n"
    "a directory that may be empty, and drop the `?`.",
)
CWL_RUN_TIME = Fault(
    "SN627",
    "a value that CWL does not know (CWL)",
    "A resource may be computed from the sizes of files, with numbers alone: `+ - * / // %`, comparisons, `min`,\n"
    "`max` and `ceil`. CWL does not know how large directories are, and a command cannot name such a resource.",
)
CWL_TEXT = Fault(
    "SN628",
    "a name that is no text (CWL)",
    "A file's name or another value holds bytes that are not UTF-8. Documents of CWL hold text alone: rename the file.",
)
CWL_INSIDE = Fault(
    "SN630",
    "an output inside an input (CWL)",
    "What a job reads is read-only in CWL, so nothing can be written into an input folder. Give the output a path of\n"
    "its own, or leave the path out: it is derived then.",
)
CWL_PROTECTED = Fault(
    "SN631",
    "a protected directory (CWL)",
    "CWL engines move results to their place when all is done, and cannot move a read-only directory. Files can be\n"
    "protected; drop `protected` for the directory.",
)
CWL_CONTAINERS = Fault(
    "SN633",
    "an engine for containers (CWL)",
    "What is emitted names the images. The engine that runs it chooses how: `cwltool --podman`, `--singularity`.",
)
CWL_RETRIES = Fault(
    "SN634",
    "retries (CWL)",
    "CWL v1.2 has no word for trying a job again: that is left to the engine, and its attempts all ask for the same\n"
    "resources. The steps compile, and are tried as often as the engine does by itself.",
    Severity.WARNING,
)
CWL_BENCHMARK = Fault(
    "SN632",
    "measuring jobs (CWL)",
    "CWL has no form for it. cwltool tells the memory of every job in its log.",
)
NO_LATE_KEYS = Fault(
    "SN641",
    "keys that are known later, which the target has no words for",
    "Which jobs there are is known only after some have run. Compile to Snakemake, or `sncompile run` the spec.",
)
NOT_BEFORE_ROWS = Fault(
    "SN642",
    "what cannot be said before rows are known (Snakemake)",
    "The emitted file reads the rows when a checkpoint has run. By then it can take keys and columns as they are, and\n"
    "put paths, words and the lines of sheets together of them; it cannot compute with them, or choose by them.\n"
    "`sncompile run` can, as it compiles again when the rows are known.",
)
NOT_SENT = Fault(
    "SN647",
    "a result that cannot be sent (Snakemake)",
    "Snakemake sends single files to buckets once their job has ended. It deletes none of them later, protects none,\n"
    "and has to know by their paths which job they are of.",
)
NO_SERVERS = Fault(
    "SN648",
    "files from elsewhere",
    "What fetches files before a job, and sends them after it, are the storage plugins of Snakemake. A target without\n"
    "such works with files of this machine: fetch them before, or in a step that takes the URL as a `string`.",
)
ONE_COPY = Fault(
    "SN649",
    "two files from elsewhere with one copy (Snakemake)",
    "Snakemake keeps the copy of a file by the name of its server and its path there, whatever the scheme, and has no\n"
    "room for a file and for another one below it: `https://HOST/a` and `http://HOST/a`, `s3://BUCKET/a` and\n"
    "`s3://BUCKET/a/b` cannot both be there.",
)
KEPT_BESIDE_OPTIONAL = Fault(
    "SN635",
    "a temporary or protected file beside an optional output",
    "Snakemake knows a job with an optional output by a mark alone, so it can neither delete nor protect the files of\n"
    "that job. Let them stay as they are, or write the optional output in a step of its own.",
)

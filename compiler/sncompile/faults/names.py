"""SN2xx: a name or a reference leads nowhere, or to two things."""

from sncompile.diagnostics import Fault, Severity

UNKNOWN_NAME = Fault(
    "SN201",
    "an unknown name",
    "In a pipeline's expressions: the step's keys, `data`, `params`, `infer`, `inputs`, every table and step. In a\n"
    "module: `inputs`, `outputs`, `params`, `resources` and `env`; in its defaults and paths `data` too.",
)
UNKNOWN_MEMBER = Fault(
    "SN202", "nothing of that name inside", "The table, step, parameter list or port list has no such member."
)
NOT_A_VALUE = Fault(
    "SN203",
    "a name that is no value by itself",
    "A table is used by a column (`${fields.path}`), a step by an output (`${calc.function}`).",
)
UNKNOWN_STEP = Fault("SN204", "an unknown step", "`after` and `flow` name steps of this pipeline.")
AMBIGUOUS_NAME = Fault(
    "SN205",
    "one name for two things",
    "A key, a table and a step must not share a name: an expression could mean either.",
)
UNKNOWN_FUNCTION = Fault(
    "SN206",
    "an unknown function",
    "The functions are basename, stem, suffix, dirname, join, len, sorted, unique, zip, range, str, int, float,\n"
    "upper, lower, replace, min, max, ceil, lookup and, in a module, file.",
)
UNKNOWN_PORT = Fault(
    "SN207",
    "neither an input nor a parameter of the module",
    "`with` binds the module's inputs and parameters, `outputs` its outputs. `sncompile describe MODULE`\n"
    "prints\nthem.",
)
MODULE_NOT_FOUND = Fault(
    "SN211",
    "a module that cannot be found",
    "A reference is a file (`./tools/align.yaml`), a short name of `modules`, a module of a folder among them\n"
    "(`illum/calc`), of the shipped library (`starrynight/…`) or of a Python package (`pkg:NAME/PATH`).",
)
OUTSIDE_ROOT = Fault(
    "SN212",
    "a reference that leaves the project",
    "Modules and their files must lie below the project's root (the folder of the spec that is compiled, or the\n"
    "repository that holds it), also after symbolic links are followed.",
)
MODULE_RECURSION = Fault(
    "SN213", "a pipeline that uses itself", "Modules must not contain themselves, directly or through others."
)
NOT_SUPPORTED = Fault(
    "SN214",
    "a kind of reference that there is not",
    "A module is a file of the project, or of the shipped library (`starrynight/NAME`), or of a package\n"
    "(`pkg:NAME/PATH`), or of a git repository that is read over https (`git+https://HOST/REPO@REF//PATH`).",
)
NO_ROOT = Fault(
    "SN217",
    "a convention without its data root",
    "A module may take its inputs from, and write its outputs to, places below the data roots of the pipeline that\n"
    "uses it (`${data.images}`). Declare the root under `data`, or give the path in the step. Only `workspace` is\n"
    "always there: without it, paths start at `results`.",
)
TOO_MUCH_NESTING = Fault(
    "SN216",
    "pipelines inside pipelines come to too much",
    "Pipelines nest up to 16 levels and are used up to 1,000 times in one compile. What is done many times ranges\n"
    "over a table with `by`: that is one step, however many jobs it has.",
)
NOT_A_PIPELINE = Fault(
    "SN215",
    "a module where a pipeline is wanted",
    "Only a pipeline can be compiled and run; a module is used in a pipeline's step. `sncompile describe` shows\n"
    "it, `sncompile check` checks it.",
)
UNUSED_MODULE = Fault("SN221", "a module that no step uses", "Remove it from `modules`, or use it.", Severity.WARNING)
UNUSED_PARAM = Fault(
    "SN222",
    "a parameter that nothing uses",
    "Setting it has no effect. Remove it, or use it.",
    Severity.WARNING,
)
UNUSED_OUTPUT = Fault(
    "SN224",
    "an output that the command never names",
    "The output has a derived path, which only the compiler knows: a tool that is not told of it cannot write there.\n"
    "Name it in the command (`${outputs.x}`), or say where the tool writes (`path`).",
    Severity.WARNING,
)
BAD_NOTEBOOK = Fault(
    "SN225",
    "a file that is no notebook",
    "A `notebook` is a Jupyter notebook in version 4 of its form: JSON with a list of `cells`, of at most 64 MB.",
)
NO_PARAMETERS_CELL = Fault(
    "SN226",
    "a notebook without a place for its parameters",
    "Papermill puts the values of ports and parameters after the cell that is tagged `parameters`. Without one they\n"
    "come first, and where the notebook sets the same names itself, it works with its own values.",
)
UNHEEDED_PARAMETER = Fault(
    "SN227",
    "a parameter that a notebook may not heed",
    "The cell that is tagged `parameters` sets every port and parameter of the module to some value, which papermill\n"
    "replaces. What it does not set may be misspelt; what a later cell sets again is not what was given.",
    Severity.WARNING,
)
NO_KERNEL = Fault(
    "SN228",
    "a notebook without a kernel",
    "Papermill starts the kernel that a notebook names (`metadata.kernelspec`), and writes its parameters in the\n"
    "language that it names (`metadata.language_info`). Jupyter saves both with the notebook.",
)
UNKNOWN_KERNEL = Fault(
    "SN229",
    "a kernel that is not installed",
    "A notebook names a kernel that the papermill of this machine does not know, so its jobs would fail. Nothing has\n"
    "been run. Inside of containers and conda environments nobody looks.",
)
UNUSED_STEP = Fault(
    "SN223",
    "a step that no output needs",
    "`outputs` is what the pipeline makes; a step that leads to none of them never runs.",
    Severity.WARNING,
)
UNKNOWN_OPTION = Fault(
    "SN231",
    "an option for something that the pipeline does not have",
    "`--data` sets data roots, `--set` and `--params` set parameters and inputs of the pipeline.",
)
BAD_LOCK = Fault(
    "SN241",
    "a lock file that cannot be used",
    "`sncompile.lock` in the project's root holds `sncompile: 1` and `images` with the digest of each image,\n"
    "`repositories` with the commit of each, `modules` with the SHA-256 of each file. It is written by\n"
    "`sncompile lock`, and is not meant to be edited.",
)
NOT_LOCKED = Fault(
    "SN242",
    "an image without a digest",
    "`--locked` wants every image to have a digest, in the spec (`org/tool@sha256:…`) or in `sncompile.lock`: a tag\n"
    "may stand for something else tomorrow. Image files of your own need none.",
)
BAD_REPOSITORY = Fault(
    "SN243",
    "a reference to a repository that has not the form",
    "It is `git+https://HOST/REPO@REF//PATH`: REF is a branch, a tag or a commit, PATH a document in the repository.\n"
    "All are names of letters, digits and `._~+-`. Names and passwords of users do not belong into a spec: git has\n"
    "settings for them.",
)
NOT_FETCHED = Fault(
    "SN244",
    "a repository that is not here",
    "A compile opens no connection. `sncompile lock SPEC` looks up which commit a reference to a repository leads\n"
    "to, records it in `sncompile.lock` and fetches its files; a commit that is recorded already is the one fetched.",
)
CHANGED_MODULE = Fault(
    "SN245",
    "a module that is not as it was locked",
    "`sncompile.lock` has the SHA-256 of every file of the modules that specs use. `--locked` refuses what differs,\n"
    "or is not in it; files that were fetched from a repository always have to be as they were.",
)
NOT_OWNED = Fault(
    "SN246",
    "a repository of somebody else",
    "Git reads no repository that belongs to another user, and neither does `sncompile diff --git`, unless your own\n"
    "settings of git trust it: `git config --global --add safe.directory FOLDER`.",
)
ODD_REPOSITORY = Fault(
    "SN247",
    "a repository that is not read",
    "`sncompile diff --git` reads the branches, tags and objects of a repository, and nothing that its settings say:\n"
    "they may come from a stranger, and can have git run programs. So what only settings tell, such as `@{upstream}`,\n"
    "is not known. Pipes and links among a repository's own files are refused, and so are reftables.",
)
NOT_AT_REVISION = Fault(
    "SN248",
    "a link or a submodule at a revision",
    "`sncompile diff --git` takes files from git as they are, and follows neither symbolic links nor submodules.\n"
    "Compare two working trees where they are needed: `git worktree add ../then REVISION`, `git submodule update\n"
    "--init` in it, and `sncompile diff ../then/SPEC SPEC`.",
)
UNREADABLE_REVISION = Fault(
    "SN249",
    "a revision that cannot be read",
    "Files of it are not here, as in a partial clone, of which nothing is fetched meanwhile; or they are damaged, or\n"
    "too much: a revision may have a million files, each of them 1 GB, and those that a spec uses 4 GB.",
)
WRONG_MOVE = Fault(
    "SN218",
    "a move of a step that cannot be",
    "`moved: [{from: align, to: map}]` says that the step `map` was called `align`, so that its results are kept.\n"
    "`to` is a step of the pipeline, and `from` is not one any more; each former name stands there once. A step that\n"
    "was renamed twice has two entries: `{from: a, to: b}`, and behind it `{from: b, to: c}`.",
)
UNMATCHED_OVERRIDE = Fault(
    "SN219",
    "an override of no step",
    "`override: {PATTERN: …}` sets resources, the image and more of steps of the pipeline that a step uses, by their\n"
    "names there. `*` stands for a part of a name, `**` for several with dots: `cp_*`, `first.*`, `**`.",
)
UNUSED_OVERRIDE = Fault(
    "SN230",
    "settings of a site for no step",
    "A file of `--override` may be for several pipelines, so what is set for none of this one's steps is only told.",
    Severity.REMARK,
)
OPTIONAL_INTO_REQUIRED = Fault(
    "SN250",
    "an optional output for a required port",
    "`outputs: {bai: {type: file?}}` may or may not be written, which is known only when its job is done. So a port\n"
    "that takes it is optional (`file?`) or a list, or the output is made required.",
)
OPTIONAL_BESIDE_LIST = Fault(
    "SN251",
    "a list with gaps beside another list",
    "A list leaves out each optional output that is not written, so its items stand in other places than those of the\n"
    "list beside it. `present(…)` says that this is meant.",
)
OPTIONAL_AS_VALUE = Fault(
    "SN252",
    "an optional output that something is computed from",
    "Parameters, settings, paths and conditions are known before anything runs, and whether an optional output is\n"
    "there is not. It can be handed to an optional port, or to a list, as it is.",
)
OPTIONAL_ASKED = Fault(
    "SN253",
    "a question about a file that may not be there",
    "The port is fed by an optional output. An argument, an option and a script leave it out where it is not there;\n"
    "conditions, sizes, texts and functions of it would have to be known before its job runs.",
)
OPTIONAL_KIND = Fault(
    "SN254",
    "an output that cannot be optional",
    "A file or a directory can be optional. A list cannot, nor what is made before the command runs (`create`), nor\n"
    "what an engine deletes or makes read-only by itself (`temp`, `protected`).",
)
SCRATCH_MISUSE = Fault(
    "SN257",
    "`as` or `from` where it cannot be",
    "`as` gives an input the name that the tool wants, and `from` takes an output from what the tool calls it, both\n"
    "in the scratch folder of a module. A module that says `scratch: false` has none, and neither has a pipeline. In\n"
    "the name for a list, `{name}` or `{index}` tells its files apart. `create` makes a directory for the tool to\n"
    "write to, which `from` would put another one in the place of.",
)
SAME_NAME = Fault(
    "SN258",
    "two inputs of one name in a scratch folder",
    "Two files cannot have one name, nor can one lie in another. Give them names that differ, or let `{name}` or\n"
    "`{index}` tell the files of a list apart.",
)
NO_COMPANION = Fault(
    "SN259",
    "a file without the companion that its reader needs",
    "The reader's port names companions, files that lie beside its own, such as the index of a BAM file. A step\n"
    "whose output feeds it has to write them, and say so: `companions` of that output. A list that is sorted or\n"
    "thinned out by a function has lost which companion belongs to which file.",
)
BAD_COMPANION = Fault(
    "SN260",
    "a companion that cannot be",
    "`companions` are suffixes of files beside a file: `.bai` is put behind its path, `^.bai` in the place of the\n"
    "last suffix. They are not empty, hold neither `/` nor control characters, and lead to no file that is a port\n"
    "already. Directories have none, and neither have the inputs of a pipeline: the modules that read them do.",
)
BAD_PART = Fault(
    "SN261",
    "a part of a directory that cannot be",
    "`in` says of an output that it is a part of an output directory of the same module, and `path` where it lies\n"
    "there: a relative path without `.` and `..`. It is one file or directory, is kept as the directory is, and has\n"
    "neither `create`, `from`, `companions`, a checksum, nor settings in a step. Its size is known to nobody: the\n"
    "directory is what a reader gets.",
)
MIXED_PARTS = Fault(
    "SN262",
    "parts of directories beside other files",
    "Who reads a part of a directory is handed the directory, and so an input that takes both parts and other files\n"
    "would be of directories and files, which not every engine can hand over. Give the parts an input of their own.",
)

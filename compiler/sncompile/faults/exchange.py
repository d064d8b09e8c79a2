"""SN8xx: a document of another form cannot be read, or does not carry over."""

from sncompile.diagnostics import Fault, Severity

NOT_BILAYERS = Fault(
    "SN801",
    "not a Bilayers spec",
    "A Bilayers spec is a mapping with `inputs`, `outputs`, `parameters`, `exec_function`, `docker_image` and\n"
    "`citations`. Of these, an import needs `exec_function`: it says what is run.",
)
BAD_FIELD = Fault(
    "SN802",
    "a field of a Bilayers spec that cannot be read",
    "The field is missing where it is needed, or holds what Bilayers does not know. Mend the spec: nothing is\n"
    "guessed, since a wrong guess would run the wrong command.",
)
UNKNOWN_FIELD = Fault(
    "SN803",
    "a field that Bilayers does not have",
    "The field is not in the module, and will not be in what is exported from it. Most often it is a slip.",
    Severity.WARNING,
)
SAME_NAME = Fault(
    "SN804",
    "two items of a Bilayers spec have one name",
    "Bilayers keeps items by their names, and loses all but one of them. Names must differ within a section.",
)
SHARED_NAME = Fault(
    "SN805",
    "an input and a parameter of a Bilayers spec share a name",
    "Bilayers puts inputs and parameters into one table by name when it makes a command, so that one of the two is\n"
    "lost. In the module both are there, and the parameter has another name.",
    Severity.WARNING,
)
OLD_FORM = Fault(
    "SN806",
    "an older form of Bilayers",
    "The spec is read, and an export writes today's form. Fields that were taken out of Bilayers are not carried.",
    Severity.WARNING,
)
NOWHERE = Fault(
    "SN807",
    "nothing tells the tool where an input is, or where to write",
    "A module's paths are known to the compiler alone, so the command must name them. Bilayers can leave that to a\n"
    "folder in the container, which several jobs would share. Give the input or output a `cli_tag`, or let a\n"
    "textbox with `output_dir_set` or a hidden argument hold the folder's name.",
)
FIXED_FOLDER = Fault(
    "SN808",
    "a tool that writes to a folder of its own",
    "No argument tells the tool where to write, so the module names the folder that Bilayers does. That folder is the\n"
    "same for every job, and in a container it must be one that the outside sees. An argument for it is better.",
    Severity.WARNING,
)
OPTIONAL_OUTPUT = Fault(
    "SN809",
    "an optional output of a Bilayers spec",
    "sncompile has no file that a job may leave out: the job fails if the tool does not write it. A folder is made\n"
    "before the tool starts and may stay empty, so optional outputs in a folder are carried.",
    Severity.WARNING,
)
BAD_DEFAULT = Fault(
    "SN810",
    "a default that does not carry over",
    "The default does not fit the parameter's own kind or options. In the module the parameter has no default, or\n"
    "the nearest that there is; the spec's own is kept for an export.",
    Severity.WARNING,
)
SHELL_WORDS = Fault(
    "SN811",
    "a text that Bilayers hands to a shell",
    "Bilayers joins the arguments to one line and gives it to a shell, which splits texts at spaces and expands `*`,\n"
    "`$` and the like. In a module every value is one argument, as it stands.",
    Severity.WARNING,
)
NO_EFFECT = Fault(
    "SN812",
    "an argument that Bilayers never passes",
    "Bilayers leaves out hidden arguments whose value is empty or `None`, and keeps the last of several with one\n"
    "`cli_tag`. The module's command does the same.",
    Severity.WARNING,
)
ONE_CHOICE = Fault(
    "SN813",
    "a choice of several options",
    "Bilayers passes one option of a dropdown, even with `multiselect`; so does the module.",
    Severity.WARNING,
)
UNQUOTED = Fault(
    "SN814",
    "a text of a Bilayers spec that YAML takes for something else",
    "Without quotes `1.10` is the number 1.1, and `on` is true. Where Bilayers needs a text, the import takes what is\n"
    "written; quote it, since Bilayers itself does not.",
    Severity.WARNING,
)
NO_COMMAND = Fault(
    "SN821",
    "a document that Bilayers cannot hold",
    "A Bilayers spec is one program with arguments: a module with `command`. Pipelines, and modules with `shell`,\n"
    "`python`, `script` or `notebook`, have no such form.",
)
NO_ARGUMENT = Fault(
    "SN822",
    "an argument that Bilayers cannot express",
    "An argument of a Bilayers command is a constant, or a `cli_tag` with the value of one input, output or\n"
    "parameter. Computed values, lists and conditions of other kinds have no form there, and to leave an argument out\n"
    "would change what the tool does.",
)
LOST = Fault(
    "SN823",
    "a fact that Bilayers has no field for",
    "The exported spec does without it: a module that is imported from the spec will not have it.",
    Severity.WARNING,
)
NEEDED = Fault(
    "SN824",
    "a fact that Bilayers needs",
    "Bilayers requires it, and the module does not say it. The exported spec holds an empty text there.",
    Severity.WARNING,
)
OUTDATED = Fault(
    "SN825",
    "`annotations` that no longer fit the module",
    "The module was changed after it was imported. What the module itself says wins over what is kept under\n"
    "`annotations: {bilayers: …}`; remove what is no longer true there.",
    Severity.WARNING,
)

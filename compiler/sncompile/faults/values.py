"""SN3xx: a value does not fit where it is used."""

from sncompile.diagnostics import Fault, Severity

WRONG_TYPE = Fault(
    "SN301", "a value of the wrong type", "The value's type does not fit the port, parameter or operator."
)
OUT_OF_RANGE = Fault("SN302", "a number out of range", "The parameter declares the smallest and largest number.")
NOT_ALLOWED = Fault("SN303", "not one of the allowed values", "The parameter declares the values that it may take.")
PATTERN_MISMATCH = Fault("SN304", "a text that does not match the pattern", "The whole text must match `pattern`.")
MISSING_INPUT = Fault(
    "SN311",
    "a required input is not given",
    "Every input without `?` must be bound in `with`, or, for a pipeline's own inputs, with `--set NAME=PATH`.",
)
MISSING_PARAM = Fault(
    "SN312",
    "a required parameter is not given",
    "A parameter without a default must be bound in `with`, or, for a pipeline's own, with `--set` or `--params`.",
)
ABSENT = Fault(
    "SN313",
    "a value is absent where one is needed",
    "The value comes from an optional port or parameter, an empty cell, or a step whose `when` is false.",
)
FORMAT_MISMATCH = Fault(
    "SN314",
    "formats that do not fit",
    "The two ports share no format. Formats are compared by their names, never by a file's suffix.",
)
KIND_MISMATCH = Fault(
    "SN315", "a file where a directory is wanted, or the other way round", "Files and directories are told apart."
)
BAD_QUANTITY = Fault(
    "SN316",
    "a quantity that cannot be read",
    "`memory` and `disk` are a number with MB, GB, TB, MiB, GiB, TiB or KB; `time` one with s, m, h or d.",
)
BAD_VALUE = Fault(
    "SN317", "an expression that cannot be computed", "The expression's types are right, its values are not."
)
BAD_DEFAULT = Fault("SN318", "a default that the parameter itself refuses", "The default must be a valid value.")
RUN_TIME_ONLY = Fault(
    "SN319",
    "a value that is known only when a job runs",
    "`inputs.X.size` and `attempt` may be used in `resources` and nowhere else: everything else is known at\n"
    "compile time.",
)
IN_QUOTES = Fault(
    "SN321",
    "a value where the shell cannot take one",
    "The script names a value by a variable that the compiler sets before. After a backslash, in a here-document\n"
    "with a quoted delimiter and in the place of a name the shell takes no variable. Arithmetic and subscripts take\n"
    "numbers only, since the shell runs what stands in other text there; an assignment, a redirection and a test\n"
    "take one word, and no list.",
)
BAD_SCRIPT = Fault(
    "SN322",
    "a file of the module that cannot be used",
    "A script, notebook, conda environment or `file('…')` does not exist beside the module, or a script's suffix\n"
    "is not one of .py, .R, .jl and .sh.",
)
BAD_SUCCESS = Fault(
    "SN323", "a criterion that does not fit", "`success` names outputs of the module; `min_files` needs a directory."
)
URL_AS_FILE = Fault(
    "SN336",
    "a URL where a file is wanted",
    "Inputs may be URLs, and so may outputs at `s3://`. A parameter of the type `path`, the file of a\n"
    "table, a default of a module and an output elsewhere are paths of this machine. Fetch a file before, or in a\n"
    "step that takes the URL as a `string`, which may be any text.",
)
BAD_URL = Fault(
    "SN359",
    "a URL that cannot be fetched from or sent to",
    "A URL names a server and a file there: `https://HOST/PATH`, `s3://BUCKET/KEY`. It holds no user and password,\n"
    "and no question (`?token=…`), as it stands in emitted files, records and messages: logins are found where the\n"
    "tools of the server look for them (`~/.aws`, `~/.netrc`, variables of the environment).",
)
UNNAMED_SERVER = Fault(
    "SN360",
    "a server that no data root names",
    "A cell of a table can have a run fetch what it says. So servers without encryption (`http:`), and this machine\n"
    "itself (`localhost`, `127.0.0.1`, addresses of the link), are asked only where a data root of the spec or of\n"
    "`--data` begins with them.",
)
REMOTE_FOLDER = Fault(
    "SN361",
    "a directory at a URL",
    "Files are fetched and sent one by one, and servers have no directories. Name the files, or have a step pack and\n"
    "unpack an archive.",
)
MADE_OF_URL = Fault(
    "SN362",
    "a value made of the URL of a file that is fetched",
    "A file from elsewhere is fetched to a place that the engine chooses, and a command that names the port gets that\n"
    "place. What is made of the path before the job runs - its folder, a list joined to one text, a choice, its size\n"
    "- would hold the URL. Name the port by itself, also within a text; `basename`, `stem` and `suffix` serve as\n"
    "well. An optional port that some jobs lack has no `option` either, and is nothing for `python` and `notebook`.",
)
IN_CODE = Fault(
    "SN324",
    "a value that would be run",
    "What `eval`, `trap`, `bash -c`, `python -c`, `ssh` and the like are given is read as code, and so would the\n"
    "value be that stands in it. Hand it over as an argument of that code instead, or let the code name a variable. A\n"
    "number can stand anywhere.",
)
IN_PROGRAM = Fault(
    "SN325",
    "a text that becomes part of a program",
    "`awk` and `sed` take the text for a part of their program: signs in it mean something there, and both can run\n"
    "commands. Let awk read it from the environment, where it stays a text. A number is no cause for a warning.",
    Severity.WARNING,
)
COMPUTED_LATER = Fault(
    "SN328",
    "a text that is computed or run later",
    "The script puts the text into a variable and computes with that (`$((x))`, `[[ $x -gt 1 ]]`, `list[$x]`), or\n"
    'runs what it holds (`eval "$x"`, `bash -c "tool $x"`); or it writes the text into a file that it runs. The shell\n'
    "runs commands that stand in a text there. Make the parameter an `integer`, or hand the text over as an argument;\n"
    "if the variable holds something else by then, give that a name of its own.",
    Severity.WARNING,
)
LARGE_SCRIPT = Fault(
    "SN327",
    "a script that is too large",
    "A script may have 131,072 characters, which is what systems let bash be given, and its substitutions, subshells,\n"
    "quotes and the like may stand in each other 100 levels deep.",
)
WINDOWS_LINES = Fault(
    "SN332",
    "a script with the line ends of Windows",
    "Its lines end in a carriage return and a line feed. For a shell the carriage return is part of the last word, so\n"
    "that `> o.txt` writes a file called `o.txt\\r`, and the system looks for an interpreter of such a name. Have it\n"
    "written with the line ends of Unix: `sed -i 's/\\r$//' FILE`, and `*.sh text eol=lf` in `.gitattributes`.",
    Severity.WARNING,
)
BROKEN_LINE = Fault(
    "SN337",
    "an item of a list file that is not on one line",
    "A list file has an item on each line, so that an item with a line break in it would be read as two. With\n"
    "`separator: nul` a NUL ends each item, which no path can hold; `xargs -0` and many others read such files.",
)
NO_SHEET = Fault(
    "SN339",
    "a sheet where none can be taken",
    "`rows: {COLUMN: …}` makes a table for each job. It goes to an input of a module whose type is `file` and whose\n"
    "format is `csv`, `tsv` or `jsonl` (JSON Lines), since that says how it is written.",
)
SHEET_CELL = Fault(
    "SN340",
    "a cell that the format of a sheet cannot hold",
    "A cell of a TSV sheet holds no tab and no line break, and none of TSV or CSV a NUL. JSON Lines hold anything.",
)
LONG_LINE = Fault(
    "SN338",
    "a command line that is too long",
    "Linux starts no program with an argument of more than 131,072 bytes, or with more than 2 MB of arguments and\n"
    "environment; the job would fail with `Argument list too long`. Hand the list over in a file, which the tool\n"
    'reads: `{list_file: "${inputs.images}"}` in `command`, `${list_file(inputs.images)}` in `shell`. Functions and\n'
    "notebooks get their arguments in a file by themselves, where these come from rows or from other jobs.",
    Severity.WARNING,
)
UNCLOSED_SCRIPT = Fault(
    "SN326",
    "a script that is never closed",
    "A quote, a bracket or a here-document is still open where the script ends. A here-document ends at a line that\n"
    "is exactly its delimiter: no blanks before it (tabs after `<<-`), none after it.",
)
BAD_CELL = Fault(
    "SN330",
    "a cell that cannot be used",
    "A cell of `rows` may hold expressions over `data`, `params` and `inputs`, which are known before all tables.\n"
    "It is one value: a list has no place in a cell. A cell of any table must be of the type that is declared for its\n"
    "column.",
)
GIVEN_EXPRESSION = Fault(
    "SN331",
    "an expression in a value from the command line",
    "What `--set`, `--data` and `--params` give is taken as it is and never evaluated, so `${…}` there would be\n"
    "handed to the tool as it stands. Give the value itself; a literal `${` is written `$${`.",
)
KNOWN_LATE = Fault(
    "SN343",
    "a value that a step writes, where it has to be known before",
    "`outputs: {size: {type: number}}` is a value that is known when its step has written it. Parameters, resources\n"
    "and commands take it. Keys, `when`, `where`, paths, tables, ports, variables, images and conditions of arguments\n"
    "are known before anything runs.",
)
LIMITS_UNSEEN = Fault(
    "SN344",
    "limits of a parameter that nobody looks at",
    "A value that a step writes is held against its type when it is written. `enum`, `minimum`, `maximum` and\n"
    "`pattern` of a parameter that takes it are those of values that the spec says.",
    Severity.WARNING,
)
BAD_NAME = Fault(
    "SN347",
    "a name that is none in a scratch folder",
    "`as` and `from` name files in the job's scratch folder: by a relative path that does not begin with `/`, has no\n"
    "`.` and `..` among its parts, does not end in `/`, and holds no control characters.",
)
PATH_IN_TEXT = Fault(
    "SN348",
    "a text that is computed from a path, in a scratch folder",
    "The command of a module with a scratch folder runs there, so its paths are made absolute right before. That\n"
    "works where a path stands by itself or as a part of an argument (`${inputs.image}`, `--in=${inputs.image}`), but\n"
    "not where a function has made another text of it (`join`, `replace`, `dirname`), in the environment, or in a\n"
    "list file. `basename`, `stem` and `suffix` may be taken.",
)
NOT_IN_SCRATCH = Fault(
    "SN349",
    "what has no scratch folder",
    "In a scratch folder all paths are made absolute right before the command runs. Scripts that\n"
    "find their values in an object, and functions of a file beside the module get theirs as they are.",
)
BAD_SUM = Fault(
    "SN477",
    "a sum of a file that cannot be",
    "`sha256` of a step says what the files of inputs must hold, beside what `with` gives: `sha256: {reads:\n"
    '"${samples.sum}"}`. It is for an input that is one file, which no step makes, and has 64 digits. A job whose\n'
    "file holds something else fails before its command runs.",
)
CHECK_FAILED = Fault(
    "SN355",
    "values of which a check does not hold",
    "A module or pipeline says with `checks` what must hold of its values together. These do not go with each other; "
    "where each is from is shown.",
)
UNUSED_ARGS = Fault(
    "SN356",
    "arguments that a script never names",
    "`args` of a module lists arguments, and `${args}` in its `shell` stands for their words. Nothing else hands them "
    "over.",
)
UNASKED_RESOURCE = Fault(
    "SN363",
    "a resource that a command names and nobody asks for",
    "The command names an amount (`${resources.memory}`) that neither the module nor the step says. What is not asked\n"
    "for is left to the engine, so the command would be told nothing. As the `value` of an `option` it is left out\n"
    "together with the option. Cores are one and GPUs none where nothing is said.",
    Severity.WARNING,
)

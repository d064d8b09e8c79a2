"""SN0xx: a document cannot be read as text or as YAML."""

from sncompile.diagnostics import Fault

UNREADABLE = Fault(
    "SN001",
    "a document cannot be read",
    "The file does not exist, is a folder, or you may not read it. Paths on the command line are relative to\n"
    "where you stand; `-` reads the spec from standard input.",
)
NOT_UTF8 = Fault(
    "SN002",
    "a document is not UTF-8",
    "Specs are UTF-8 text. Save the file as UTF-8; UTF-16 and Latin-1 are refused, since a wrong guess would\n"
    "change paths and arguments without a word.",
)
CONTROL_CHARACTER = Fault(
    "SN003",
    "a control character in a document",
    "NUL and other control characters do not show in an editor and break lines and terminals. Where a value needs\n"
    'one, write an escape in a double-quoted string, such as "\\u0007". NUL cannot stand in any value, since no\n'
    "argument, variable or file name of any program can hold it.",
)
BIDI_CHARACTER = Fault(
    "SN004",
    "an invisible text-direction character",
    "Such characters make a line look different from what it is (“Trojan source”). Where a value needs one, write\n"
    "it as an escape in a double-quoted string.",
)
YAML_SYNTAX = Fault(
    "SN005",
    "not valid YAML",
    "The text does not follow YAML's grammar at the marked place. The usual causes are a missing space after a\n"
    "colon, an indent that does not fit the lines above, an unclosed quote or bracket, and a plain value that\n"
    "holds `: ` or starts with one of YAML's signs; quote such values.",
)
DUPLICATE_KEY = Fault(
    "SN006",
    "a key stands twice in a mapping",
    "YAML readers silently keep one of the two; which one differs between them. Keep one.",
)
TAB = Fault("SN007", "a tab in the indent", "YAML's indent is made of spaces.")
TOO_DEEP = Fault(
    "SN008",
    "nested too deeply",
    "A document may nest 64 levels. No sensible spec comes near; deeper ones exhaust the tools that read them.",
)
TOO_LARGE = Fault(
    "SN009",
    "a document is too large",
    "A spec may have 32 MB. Keep data in tables (`file:`), which may be as large as you like.",
)
ALIAS_BOMB = Fault(
    "SN010",
    "aliases blow the document up",
    "Aliases and merges may add 100,000 nodes in all. A few lines of aliases of aliases can otherwise stand for\n"
    "more data than any memory holds.",
)
TAG = Fault(
    "SN011",
    "a YAML tag",
    "Tags such as `!include` or `!!python/object` have no meaning in a spec. Remove the tag.",
)
EMPTY = Fault(
    "SN012",
    "an empty document",
    "A spec starts with `sncompile: 1` and `pipeline: NAME` or `module: NAME`. `sncompile init`\n"
    "writes\na\nsmall\none.",
)
KEY_NOT_TEXT = Fault("SN013", "a key is not text", "Keys of mappings are text; lists and mappings cannot be keys.")
BAD_MERGE = Fault(
    "SN014", "a merge of what is no mapping", "`<<: *name` takes in the entries of a mapping, or of a list of mappings."
)

"""SN1xx: a document does not have the shape that its schema asks for."""

from sncompile.diagnostics import Fault

UNKNOWN_KEY = Fault(
    "SN101",
    "an unknown key",
    "The key is not one of those that may stand here; nothing is ignored silently, since an ignored key is a\n"
    "setting that does not take effect. `sncompile schema pipeline` and `sncompile schema module` print all of\n"
    "them.",
)
WRONG_TYPE = Fault(
    "SN102", "a value of the wrong kind", "The value's kind (text, number, list, mapping) does not fit its key."
)
MISSING_KEY = Fault("SN103", "a key is missing", "A key that must be here is not.")
NOT_ONE_OF = Fault("SN104", "not one of the allowed values", "Only the listed values may stand here.")
BAD_FORM = Fault("SN105", "a text of the wrong form", "The text does not follow the form that is asked for here.")
BAD_NAME = Fault(
    "SN106",
    "not a name",
    "Names of ports, parameters, tables, steps, roots and keys are used in expressions, so they hold only\n"
    "letters, digits and `_` and do not start with a digit.",
)
NO_DOCUMENT = Fault(
    "SN107",
    "not a spec document",
    "A document starts with `sncompile: 1` and names what it is: `pipeline: NAME` or `module: NAME`.",
)
NO_ACTION = Fault(
    "SN108",
    "a module without something to run, or with two",
    "A module has exactly one of `command`, `shell`, `python`, `script` and `notebook`.",
)
RESERVED_NAME = Fault(
    "SN109",
    "a reserved name",
    "`data`, `params`, `infer`, `inputs`, `outputs`, `resources`, `env` and `attempt` mean something in\n"
    "expressions already; a table, a step or a key must have a name of its own. Words such as `if`, `in`,\n"
    "`lambda` and `true` cannot be read as names in expressions, so ports, parameters and data roots cannot have them\n"
    "either.",
)
BAD_VALUE = Fault("SN110", "a value that cannot stand here", "The value lies outside what its key allows.")
BAD_FLOW = Fault(
    "SN111",
    "a `flow` that says nothing",
    "`flow` is a nest of `seq:` and `parallel:` lists whose leaves are names of steps, each at most once.",
)
BAD_ARGUMENT = Fault(
    "SN112",
    "an argument that is incomplete",
    "A mapping in `command` is either `{option: --x, value: …}` or `{flag: --x, when: …}`.",
)
NO_EXPRESSION = Fault(
    "SN113",
    "an expression where plain text is taken",
    "`${…}` is evaluated in values, paths, commands, conditions and queries. Names, references to modules, types,\n"
    "limits and tags must be known before anything is evaluated, and are taken as they stand: an expression there\n"
    "would stay text without a word. A literal `${` is written `$${`.",
)

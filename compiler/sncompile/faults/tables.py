"""SN4xx: tables, keys, and the edges that follow from them."""

from sncompile.diagnostics import Fault, Severity

BAD_TABLE = Fault(
    "SN401",
    "a table that cannot be read",
    "Tables are CSV (comma), TSV (tab), Excel (`.xlsx`) or Parquet files; text tables are UTF-8, have a header line,\n"
    "and as many cells in every row as the header has. Where a file is otherwise, the table says so: `delimiter`,\n"
    "`comment`, `encoding`, `header`, `sheet`. A pointer of Git LFS stands for a file that was not brought yet.",
)
NO_COLUMN = Fault("SN402", "a table lacks a column", "The table has no column of that name.")
NO_KEY = Fault(
    "SN403",
    "a row without a key",
    "Key columns tell rows apart, so no key cell may be empty.",
)
DUPLICATE_ROWS = Fault(
    "SN404",
    "several rows with one key",
    "The key columns must tell any two rows apart. Add a column to `key`, or remove the rows.",
)
EMPTY_TABLE = Fault(
    "SN405",
    "nothing to range over",
    "The table or the step says `require: rows`, and there are none; or no file fits a `glob`, as mostly the data\n"
    "root is another one. Where there may be none, the table says `require: nothing`.",
)
AMBIGUOUS_FILE = Fault(
    "SN406",
    "a file name that can be read in two ways",
    "Two `{name}` parts meet such that the file's name can be cut in more than one place. Constrain one of them:\n"
    "`{site,[0-9]+}`.",
)
BAD_PATTERN = Fault(
    "SN407",
    "a pattern that cannot be understood",
    "A `glob` has at least one `{name}` part, each a column; `{name,regex}` constrains it, `*` and `**/` match\n"
    "anything, `{{` and `}}` are braces.",
)
BAD_QUERY = Fault(
    "SN408",
    "a query that cannot be run",
    "Queries (`sql`) are one `select` in DuckDB's SQL over the tables of the spec. A value of the spec stands in them\n"
    "as `${params.x}`, without quotes, and is never SQL itself.",
)
REFUSED_QUERY = Fault(
    "SN409",
    "a query that does more than read tables",
    "A query sees the tables of the spec and nothing else: no files, no network, no settings, no statement but\n"
    "`select`. And it gives the same each time: there is no `random()` and no `now()`, and what depends on the order\n"
    "of the rows says an order, as in `… order by well limit 1`, `list(well order by well)` and\n"
    "`row_number() over (order by well)`. Functions are those that are known to give the same.",
)
QUERY_CYCLE = Fault(
    "SN410",
    "tables that are made from each other",
    "A table by `sql` is made after those that its query names, so none may need itself.",
)
LARGE_QUERY = Fault(
    "SN414",
    "a query that takes too much",
    "A query may take 120 seconds and 4 GB of memory; a table made by `sql` has at most 5,000,000 rows, an inferred\n"
    "list 10,000 values.",
)
UNKNOWN_KEY = Fault(
    "SN411",
    "`by` names what is no key",
    "A step ranges over keys of one table: columns that stand in its `key`. A combination of tables is a table of\n"
    "its own.",
)
WHICH_TABLE = Fault(
    "SN412",
    "several tables have these keys",
    "A step ranges over the table whose key is exactly its `by`. Without one, or with several, `over: TABLE`\n"
    "says which of them it is.",
)
GATHER_INTO_ONE = Fault(
    "SN421",
    "several values meet a port that takes one",
    "The source ranges over a key that this step does not have, so several of its instances feed one instance\n"
    "here (a gather). Either this step ranges over that key too (add it to `by`), or the port takes a list\n"
    "(`file[]`).",
)
ONE_INTO_LIST = Fault(
    "SN422",
    "one value meets a port that takes a list",
    "The value is single where the port or parameter is a list. Write it as a list of one: `[${…}]`.",
)
UNJOINED = Fault(
    "SN415",
    "each job takes all, where a column says which are whose",
    "The two tables have no key in common, so each job takes all of the other ones. Yet a column of one table holds\n"
    "keys of the other under another name, or a third table says which belong together. Give the column the key's\n"
    "name, or look up what it names (`lookup`); or range over a table that has the keys of both. Where all are meant,\n"
    "write `present(…)` around the list.",
    Severity.WARNING,
)
DROPPED = Fault(
    "SN416",
    "rows that a join leaves out",
    "Tables join over all columns that both have and that are a key in at least one of them. Here the keys that both\n"
    "have go together, and another column does not: it holds something else, or nothing. So the rows take part in no\n"
    "job, or their files are missing in a list. Take the column out of one of the tables, or give it another name.",
    Severity.WARNING,
)
GATHERS_NOTHING = Fault(
    "SN423",
    "an instance gathers nothing",
    "For some instance of the step no instance of the source (or no row of the table) is there to feed it. Leave\n"
    "that instance out with `where`, add the missing rows, or make the port optional.",
)
NO_PARTNER = Fault(
    "SN424",
    "an instance has no partner",
    "The port takes the one instance of the source that has the same keys, and for some instance there is none.\n"
    "Leave that instance out with `where`, or add the missing rows.",
)
NO_ROWS = Fault(
    "SN429",
    "no rows, no jobs",
    "A table has no rows, or the `where` of a step lets none pass, so that there is nothing to do for what ranges\n"
    "over them. One spec serves sheets of all kinds that way. Where there must be rows, say `require: rows` in the\n"
    "table or the step.",
    Severity.REMARK,
)
EMPTY_OUTPUT = Fault(
    "SN430",
    "an output of the pipeline without files",
    "The output is a list of what a step's jobs write, and the step has none.",
    Severity.REMARK,
)
GAP_IN_LIST = Fault(
    "SN427",
    "an absent item in a list",
    "A list that is gathered has an item for each row or instance, so that lists of the same rows go together. An\n"
    "absent cell or output would leave it one item short, and every item after it in the wrong place. Say what stands\n"
    "there (`coalesce(units.strand, 'none')`), leave it out knowingly (`present(units.strand)`), or let the parameter\n"
    "take absent items (`string?[]`): they are empty arguments, and `null` for a Python function.",
)
LISTS_APART = Fault(
    "SN428",
    "lists that do not go together",
    "Two lists of one job are gathered from sources with the same keys, but not from the same instances: one source\n"
    "has a `where`, or lacks a row. A tool that takes them item by item gets wrong pairs. The keys of what a step\n"
    "brings are `${keys(segment).site}`, in the same order. Around a list that stands alone write `present(…)`.",
    Severity.WARNING,
)
KEY_NOT_HERE = Fault(
    "SN425",
    "a key that this step does not range over",
    "The name is a key of a table, but the step has many values of it, not one. Add it to `by`, or take the\n"
    "table's column, which gives the list.",
)
TOO_MANY_ROWS = Fault(
    "SN413",
    "tables that join to too many rows",
    "Two tables meet in their natural join, over the keys that they share; without any it is every row with every\n"
    "row. Five million rows are the limit. Give the tables a common key, or leave rows out with `where`.",
)
BAD_CONDITION = Fault(
    "SN426",
    "a condition that is none",
    "`where` and `when` must give true or false; `where` may use the keys and columns of the step's own table,\n"
    "`when` only what is the same for all jobs (`params`, `data`).",
)
DISAGREEMENT = Fault(
    "SN441",
    "several values where one is asked for",
    "The query of an inferred value gives more than one, and `holds` says `one value`. The message shows each value,\n"
    "how many rows have it, and where: the query's other columns. Mend the tables, leave the rows out in the query,\n"
    "or say which value it is with `--set` or `--params`.",
)
NOTHING_FOUND = Fault(
    "SN442",
    "no value where one is asked for",
    "The query of an inferred value gives no row, or none with a value. `at most one value` allows that.",
)
NOT_HELD = Fault(
    "SN443",
    "an inferred value is not as it must be",
    "`holds` says how many values there must be, what they must contain, or a condition that must be true.",
)
BAD_RULE = Fault(
    "SN444",
    "a rule that cannot be understood",
    "`holds` takes `one value` or `at most one value`; for lists `at least N`, `at most N` or `exactly N`; and beside\n"
    "them `contains ${…}` and conditions `${…}`.",
)
LOOK_ALIKES = Fault(
    "SN432",
    "keys that look alike",
    "Two keys differ only in blanks at their ends, in case, or in how Unicode writes the same letters. They are two\n"
    "to sncompile, and mostly one to who wrote them; on macOS and on shares of Windows they are one path.",
    Severity.WARNING,
)
HOW_READ = Fault(
    "SN433",
    "a sheet that is not quite as its name says",
    "The sheet could only be meant in one way, and was read so: with another separator than its suffix says, without\n"
    "rows and columns in which nothing stands.",
    Severity.REMARK,
)
BLANKS = Fault(
    "SN418",
    "cells with blanks at their ends",
    "A cell of a sheet is taken as it stands there, blanks at its ends among it: as a key, in a comparison and in a\n"
    "path `E ` is not `E`. Spreadsheets do not show them.",
    Severity.REMARK,
)
SPREADSHEET_ERROR = Fault(
    "SN419",
    "cells that hold an error of a spreadsheet",
    "Where a spreadsheet cannot compute a cell it writes `#REF!`, `#DIV/0!`, `#N/A` or the like, and `####` where a\n"
    "column is too narrow. In the sheet that is saved these are texts like any others, and are taken as such.",
    Severity.WARNING,
)
NEAR_COLUMN = Fault(
    "SN417",
    "a column that may be meant by another name",
    "A declared column that need not be there is not, and the table has one of nearly the same name that nobody\n"
    "declares. If that is the column, it was taken for missing: absent, or its default, in every row.",
    Severity.WARNING,
)
NOT_FITTING = Fault(
    "SN434",
    "files that do not fit a pattern",
    "Some files below the folder of a `glob` fit it and others do not. The message names the one that comes nearest,\n"
    "and where it stops to fit.",
    Severity.REMARK,
)
UNUSED_ROWS = Fault(
    "SN435",
    "rows that no job uses",
    "Steps take columns of the table for the rows of another one, and some of its rows go with none of these.",
    Severity.REMARK,
)
NO_INSTANCE = Fault(
    "SN436",
    "an instance that is not there",
    "`lookup(step.output, key=…)` takes the instance of the step that has these keys. The step has none such: its\n"
    "table has no such row, or its `where` leaves it out. Keys are compared as text. An empty cell means that nothing\n"
    "is taken, for who may do without (`file?`).",
)
RING_OF_INSTANCES = Fault(
    "SN437",
    "instances that need each other",
    "A step takes its own output from another instance (`lookup`), that one takes it from a third, and so on, back to\n"
    "the first. None of them could be the first to run.",
)
SHEET_ROWS = Fault(
    "SN438",
    "a sheet whose rows are not those of one column",
    "The rows of a sheet that is made for a job are the instances of the finest keys among its columns; any other\n"
    "column has one value for each of them. Columns over keys that have nothing to do with each other make no rows:\n"
    "give the tool two sheets, or make a table of the combinations (`sql`).",
)
SHEET_GAP = Fault(
    "SN439",
    "a cell of a sheet that nothing fills",
    "For one of its rows a column of a sheet has no instance to take from. Have the rows left out by the step that\n"
    "makes them, or say what stands there: `${coalesce(segment.labels, '')}`. A cell that is empty in its table stays\n"
    "empty.",
)
UNUSED_TABLE = Fault(
    "SN431", "a table that nothing uses", "No step ranges over the table or names it.", Severity.WARNING
)
BAD_SOURCE = Fault(
    "SN459",
    "a table that cannot come from there",
    "`from: ${step.port}` names one output of a step of the same pipeline: a `file` (CSV, TSV) with the rows of the\n"
    "table, or a `directory` with a `glob` for the names of the files in it, such as `{core}.tif`. The output is\n"
    "neither optional nor `temp`, the step is no pipeline, and its rows are known before any step has run.",
)
NOT_YET_KNOWN = Fault(
    "SN460",
    "rows that are not known yet",
    "The table's rows are known once a step has run. What decides which jobs there are is known before: `when`,\n"
    "`where`, `sql`, `infer`, and sources of other tables. Steps range over the table and take its columns.",
)
LATE_COLUMN = Fault(
    "SN461",
    "a column that cannot be declared so",
    "Columns of a table that a step writes have a type, and nothing else is declared of them: each cell is there.",
)
LATE_KEY = Fault(
    "SN462",
    "a key that is there already",
    "The key of a table that a step writes is that of the step, and then the table's own; no name is in both.",
)
BAD_ROWS = Fault(
    "SN463",
    "rows that cannot be used",
    "A step wrote a table, or files, that cannot be rows: a key is empty, there twice, or no plain name; a cell is\n"
    "not of its type; a path leads out of the step's outputs and the data roots. The message says where.",
)
BAD_MAP = Fault(
    "SN469",
    "a map whose rows are not as they are declared",
    "`items` names the columns that the rows of a map have. One may be misspelt, or be missing there. "
    "`--params-extra ignore` lets a file of parameters have more.",
)
NO_MAP = Fault(
    "SN470",
    "a table whose parameter is no map",
    "`params` of a table names a parameter of the same pipeline that has the type `map`: its keys and rows are those "
    "of the table.",
)

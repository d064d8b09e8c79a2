"""SN7xx: a run cannot start, or failed."""

from sncompile.diagnostics import Fault, Severity

JOB_FAILED = Fault(
    "SN701",
    "a job failed",
    "The tool ended with an error, or did not write what it promised. The log's last lines and the command to\n"
    "repeat it stand with the message; run again to go on from there, with nothing done twice.",
)
ENGINE_FAILED = Fault(
    "SN702",
    "the engine stopped",
    "Snakemake could not start or go on for a reason that is no job's. Its own log stands in the run's folder.",
)
LOCKED = Fault(
    "SN703",
    "the working folder is in use",
    "Another run works in the same folder. Wait for it or cancel it. A lock whose owner is dead is taken away by\n"
    "itself.",
)
NO_ENGINE = Fault("SN704", "a program is missing", "A program that the run needs is not installed or not on the PATH.")
NO_RUN = Fault(
    "SN705",
    "there is no such run",
    "A run is named by its folder (`runs/NAME-TIME`), by that folder's name where it lies in `runs/` below the place\n"
    "you stand at, or by its spec or its working folder, which mean the last run there.",
)
CANNOT_END = Fault(
    "SN706",
    "a run cannot be ended from here",
    "Its engine works on another machine. It looks for `cancel.json` in the run's folder and ends itself, as long as\n"
    "both machines see the same folder. Where it gives no answer, end it on its own machine. Or jobs of the run\n"
    "stay in a cluster's queue, where another run would meet them.",
)
NO_IMAGE = Fault(
    "SN708",
    "an image is missing",
    "The engine does not hold the image, and cannot fetch it: the name is wrong, the registry wants a login, or there\n"
    "is no way to it from here. Nothing has been run.",
)
NO_PROGRAM = Fault(
    "SN709",
    "a tool is missing",
    "The program of a command is not on the PATH, so its jobs would fail. Nothing has been run. Where a profile has\n"
    "other machines run the jobs, nobody looks.",
)
NO_TELEMETRY = Fault(
    "SN707",
    "telemetry cannot be sent",
    "The address is no collector's, or the packages that send telemetry are not installed: they are an extra of\n"
    "sncompile. A collector that does not answer is no fault: what did not arrive is counted and told.",
)
NO_REPOSITORY = Fault(
    "SN710",
    "a repository cannot be fetched",
    "Its name is wrong, it has no such branch, tag or commit, it wants a login, or there is no way to it from here.\n"
    "`sncompile lock` has git fetch it, with the settings that git has.",
)
OPTION_REFUSED = Fault(
    "SN711",
    "an option of the engine is refused",
    "`done` must mean that all was made. An option of Snakemake's that could make it mean less is refused, after `--`\n"
    "and in a profile: one that only tells what would be done, touches files, leaves steps out, or takes old results\n"
    "for new ones. `docs/how-to/runs.md` lists what is admitted. The emitted folder is there for plain `snakemake`\n"
    "with any option. Nothing has been run.",
)
NOT_THERE = Fault(
    "SN712",
    "what was promised is not there",
    "The engine said that it had done everything, but a file that the pipeline promises, or that one of its jobs had\n"
    "written, does not exist, or is a directory in the place of a file or the other way round. Something else removed\n"
    "it while the run went on, or the file system had not shown it after the time that the profile gives it\n"
    "(`latency-wait`). Run again: what is missing is made.",
)
IN_USE = Fault(
    "SN713",
    "files are in use by another run",
    "Another run, maybe of another working folder or on another machine, is writing files that this one writes or\n"
    "reads, or reads files that this one writes. Wait for it or cancel it. Two pipelines that write different files\n"
    "may use one data root at once. What a dead run held is freed by itself: on its own machine at once, elsewhere\n"
    "when it has given no sign of life for two minutes.",
)
NO_MARKS = Fault(
    "SN714",
    "a place for the marks of unfinished work is missing",
    "A run writes down beside the data which files are being written, in `.sncompile` in the data root, so that\n"
    "nobody ever takes a half-written file for a result. There it could not: the disk is full or read-only, or the\n"
    "folder is somebody else's. Nothing has been run.",
)
HALF_WRITTEN = Fault(
    "SN715",
    "a file is half-written",
    "A run that died was writing this file, and nobody has made it again since. Run the pipeline that makes it. What\n"
    "a run makes itself it deletes first and makes again, if it may.",
)
NO_FOLDER = Fault(
    "SN716",
    "a run cannot write to its working folder",
    "A run keeps its record in `runs` and the logs of its jobs in `logs`, Snakemake its own files in `.snakemake`,\n"
    "all in the working folder. A file that stands in the place of such a folder, or a folder that may not be written\n"
    "to, keeps the run from starting.",
)
NOT_OURS = Fault(
    "SN717",
    "a directory that no job made",
    "A job deletes its directory before it makes it anew. This one holds files, and no job made it: they would\n"
    "be lost, so the run stops. What a job made is known by the file `.snakemake_timestamp` in it.",
)
LED_ELSEWHERE = Fault(
    "SN718",
    "an output that a link has led elsewhere",
    "Before a run, all paths are compared by what they are. Since then a job has put a link in the place of a folder,\n"
    "and what another job was about to write would lie behind it: perhaps among your data, or in the place of the\n"
    "output of a third. The run stops before that.",
)
NOT_SUBMITTED = Fault(
    "SN721",
    "a job could not be submitted",
    "The cluster did not take the job: it asked for more than there is, for a partition or an account that does not\n"
    "exist, or the scheduler does not answer. The message has the cluster's own words, the help what was asked for.\n"
    "`resources` of a step or module say that, and a profile does for what they leave open. Nothing of it was run.",
)
WRONG_KIND = Fault(
    "SN722",
    "a directory where a file was promised",
    "The tool ended well, and at the path of an output stands a directory where the module says `type: file`, or the\n"
    "other way round. Correct the `type`, or have the tool write what the module says.",
)
KILLED = Fault(
    "SN723",
    "a job was killed",
    "SIGKILL ended the job, and it could do nothing about it. The kernel, a container or a cluster sends it to a job\n"
    "that uses more memory than there is or than it had asked for; a person may, too. Ask for more memory, or run\n"
    "fewer jobs at once.",
)
TOO_LONG = Fault(
    "SN724",
    "a command line that is too long",
    "Linux starts no program with more than 2 MB of arguments and environment, or with an argument of more than\n"
    "131,072 bytes. Hand the tool a file in which the names stand (`list_file`), or a directory, or gather fewer\n"
    "files in one job.",
)
CANNOT_WRITE = Fault(
    "SN725",
    "a disk that cannot be written to",
    "A job or the run itself could not write: the disk is full, a quota is used up, or it is read-only. What a failed\n"
    "job had written was deleted, so there may be more room now than there was. The disks of its outputs, of its log\n"
    "and of temporary files are looked at when it fails.",
)
TOO_LARGE = Fault(
    "SN726",
    "a job that asks for more memory than there is",
    "Jobs of this machine share its memory: Snakemake starts a job when what it asks for is free. One that asks for\n"
    "more than there is at all would be cut down to that, start, and most likely be killed. So nothing is started.\n"
    "Ask for what the job needs; or have a cluster run it, with a profile. A container, or the job of a scheduler in\n"
    "which the run was started, may have less memory than the machine. `-- --resources mem_mb=N` sets what all jobs\n"
    "may ask for together, whatever there is.",
)
FEWER_CPUS = Fault(
    "SN727",
    "a job that asks for more cpus than the run has cores",
    "Its jobs run all the same, with as many as `--cores` gives the run, and one at a time. They take longer than\n"
    "they were meant to.",
    Severity.WARNING,
)
NO_ROOM = Fault(
    "SN728",
    "a budget for the disk that cannot be held",
    "`--disk SIZE` says by how much the disk may become fuller while a run goes on. Sizes are those that jobs wrote\n"
    "before, or the `disk` that steps ask for. Where the order of jobs that needs least, of those that are tried,\n"
    "needs more than that, or nobody knows what a step writes, nothing is started. Give it more; have intermediate\n"
    "outputs deleted (`temp: true`); say `disk` for steps that never ran.",
)
OVER_BUDGET = Fault(
    "SN729",
    "jobs wrote more than was expected",
    "With `--disk SIZE` jobs wait until there is room for what they are expected to write. Some wrote more than that,\n"
    "or failed and left unread what others had written for them, and now no job fits any more. What is done stays\n"
    "done: run again, with more room; by then the sizes are known.",
)
LOST_LINK = Fault(
    "SN734",
    "a link that no container can follow",
    "A container sees the data roots, the inputs, and what links among the inputs lead to, each at its own place.\n"
    "This link leads nowhere, or to a folder that images have of their own, such as `/usr/lib`, which would be hidden.",
)
NOT_PLANNED = Fault(
    "SN730",
    "a plan that does not hold any more",
    "`sncompile plan SPEC -o FILE` writes down what has to run, and `sncompile run SPEC --plan FILE` does exactly\n"
    "that. Since the plan was made the spec, an input or a result has changed, or another run has made something, so\n"
    "that other jobs have to run, or do something else. Nothing has been run. Make a new plan.",
)
NO_SELECTOR = Fault(
    "SN731",
    "a selector that selects nothing",
    "`--select`, `--only`, `--from` and `--until` take selectors: the name of a step or an output, `step:cp_*`,\n"
    "`tag:qc`, `key:well=A01`, `output:table`, `state:modified`, `state:new`; `+` in front brings what the jobs need,\n"
    "`+` behind what follows from them, and a comma leaves the jobs that all of them name. This one is written in\n"
    "another way, or names a step, tag, key or output that the pipeline does not have.",
)
LEFT_OUT = Fault(
    "SN732",
    "a job that reads what is not there, and is not to be made",
    "`--only` runs the jobs that it names and no others. One of them reads a file that another job makes, which is\n"
    "not there, and that job is not among them. Take `--select`, which makes what is needed, or name that job, too.",
)
NOT_DEFERRED = Fault(
    "SN733",
    "a folder without results to take",
    "`--defer DIR` takes from another folder what the same jobs have made there of the same files. It is a folder\n"
    "that results are written to, as `workspace` is, or a working folder, and runs have made something there: they\n"
    "write down in `.sncompile/state` how.",
)
ROWS_GONE = Fault(
    "SN741",
    "rows that are about to be written again",
    "Jobs were made for the rows that a step had written (`from`), and now that step has to run again, so that there\n"
    "may be other rows. Something has changed while the run was prepared, or every job was asked for.",
)
ROWS_TO_COME = Fault(
    "SN742",
    "jobs that are known after others have run",
    "Which jobs a step has follows from rows that another step writes (`from`). They can be selected, and run in the\n"
    "background from Python, once that step has run. A run that Python waits for (`background=False`) reads the rows\n"
    "and goes on.",
)
NO_PLUGIN = Fault(
    "SN747",
    "a storage plugin is missing",
    "Snakemake fetches files from elsewhere, and sends them, by plugins, one for each kind of server. Each is an\n"
    "extra of sncompile: `pip install 'sncompile[http]'`. Compiling needs none of them.",
)
NOT_AT_SERVER = Fault(
    "SN748",
    "a file that is not at its server",
    "Before a run starts, every server is asked for the files that the run's jobs read from it. This one says that it\n"
    "has no such file. Nothing has been run.",
)
NOT_REACHED = Fault(
    "SN749",
    "a server or bucket that is not to be reached",
    "The server does not answer, its bucket is not there, it wants a login that is not found, or it leads on to\n"
    "another server. Where that one is meant, let a data root begin with it. Nothing has been run.",
)
REMOTE_BUDGET = Fault(
    "SN750",
    "a budget of the disk for files from elsewhere",
    "`--disk` counts what jobs write to this machine. Copies of files from elsewhere come and go beside that, and are\n"
    "not counted, so that the budget could not be kept.",
)

LACKS_PROGRAM = Fault(
    "SN751",
    "what a module requires is missing",
    "A module requires a program (`requires`) that is not in the image of its jobs or, where they run without one,\n"
    "not on the PATH. Nothing has been run. Where a profile has other machines run the jobs, nobody looks.",
)
WRONG_VERSION = Fault(
    "SN752",
    "a program has a version that will not do",
    "A module requires other versions of a program than the one that is in the image of its jobs, or on the PATH.\n"
    "Nothing has been run.",
)
CHANGED_MEANWHILE = Fault(
    "SN753",
    "an input that changed while a job read it",
    "Something else wrote a file, or into a folder, while a job was at work that reads it. What the job wrote may\n"
    "come of what was there before, of what is there now, or of both, and so may what was made of that. The run went\n"
    "on, and the job is not known to be done: the next run makes it again. Let data be complete before a run starts.\n"
    "It may be the command itself that writes to what it is given, moves it or deletes it: have it work on a copy, as\n"
    "each run would make the job again, and nothing brings back an input that is gone.",
    Severity.WARNING,
)
NOTHING_MEASURED = Fault(
    "SN754",
    "a run that does not tell what its jobs need",
    "`sncompile resources` makes settings from what jobs took. Times are known of the jobs that ended well in a run;\n"
    "those that Snakemake did together, as batches, tell nothing of one of them. Memory is known where the run was\n"
    "started with `--benchmark`: without that, settings are written for the time alone.",
)
PART_OF_BATCH = Fault(
    "SN755",
    "a part of a batch on another machine",
    "At `-O2` a step's `batch` has one job do several instances. Where some of them have to run and the rest stays,\n"
    "what the rest read may be gone, as intermediates are deleted, or was never made, as it was not asked for. Here\n"
    "that is no matter. A scheduler's node waits for all that the batch reads, so the run is not started: leave the\n"
    "batches out (`--no-pass batch`).",
)

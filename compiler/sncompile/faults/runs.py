"""SN7xx: a run cannot start, or failed."""

from sncompile.diagnostics import Fault

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

"""Variables of the environment that change what bash makes of a script."""

BASH_SETTINGS = frozenset(
    {
        "SHELLOPTS", "BASHOPTS", "BASH_COMPAT", "POSIXLY_CORRECT",  # how a script is read, and whether it is run
        "CDPATH", "GLOBIGNORE", "EXECIGNORE", "IFS", "TMOUT", "FUNCNEST",  # what its commands find and do
        "BASH_XTRACEFD", "BASH_LOADABLES_PATH", "BASH_ARGV0",
    }
)  # fmt: skip
"""Variables by which bash takes a script otherwise than it is written; no tool is set up by them."""

START_FILE = "BASH_ENV"
"""The file that bash runs before every script."""

"""`python -m sncompile`, and where the command `sncompile` begins."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. Whoever interrupts it while it is still being read gets no traceback."""
    try:
        from sncompile.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

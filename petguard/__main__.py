"""The outermost guard: whatever goes wrong, petguard never ends with the exit code of a finding."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # with -m that is the current folder, often the scanned tree, whose json.py is not to be imported

import gc
import traceback

from petguard.errors import Exit

_MADE_BETWEEN = 100_000  # objects that are made before Python looks for circles among them
_INTERRUPTED = 130  # what shells expect after Ctrl-C


def main() -> None:
    """Run the program and leave the process; a crash shows its traceback and is exit 70, never 1."""
    gc.set_threshold(_MADE_BETWEEN)  # nearly all that a scan makes lives to its end, so looking often finds nothing
    try:
        from petguard import cli  # noqa: PLC0415 - a broken installation is a crash as well

        code = cli.run(sys.argv[1:])
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except (Exception, SystemExit):
        traceback.print_exc()
        sys.stderr.write(
            "petguard: crashed; nothing is known about the scanned files. Please report the lines above.\n"
        )
        code = Exit.CRASHED
    sys.exit(code)


if __name__ == "__main__":
    main()

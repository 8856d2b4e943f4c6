"""What can go wrong, and the exit code each kind of trouble ends in."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; a public interface, the same for every output format."""

    OK = 0
    VIOLATED = 1
    USAGE = 2
    NOTHING_TO_SCAN = 3
    INCOMPLETE = 4
    CRASHED = 70


class PetguardError(Exception):
    """An error the user can mend; its text says what, where and what to do."""

    exit_code = Exit.USAGE


class ConfigurationError(PetguardError):
    """The policy, a claim written by hand, a rule or an option is wrong."""


class NothingToScan(PetguardError):
    """No input was found: an empty scan is not a clean one."""

    exit_code = Exit.NOTHING_TO_SCAN


class UnreadableInput(PetguardError):
    """A foreign file could not be understood; the scan goes on and reports a gap.

    `reason` is the machine-readable gap reason, `line` the 1-based line where known.
    """

    def __init__(self, detail: str, *, reason: str = "parse_error", line: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reason = reason
        self.line = line

"""Hazards that the arguments of a library's call show by themselves, as its table says."""

from collections.abc import Iterator

from petguard.model import Danger
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_pets import Trap


def of_library(reading: Reading) -> Iterator[Danger]:
    """Each trap of the table that the call has walked into; arguments in a mapping may hold what seems absent."""
    if any(keyword.arg is None for keyword in reading.call.keywords):
        return
    for trap in reading.kind.traps:
        if _sprung(reading, trap):
            yield Danger(hazard=trap.hazard, location=reading.ground.at(reading.call), detail=trap.detail)


def _sprung(reading: Reading, trap: Trap) -> bool:
    if trap.unless_called and reading.ground.called(*trap.unless_called):
        return False
    absent = all(_is_none(reading, name) for name in trap.absent)
    return absent and all(reading.value(reading.given(name)) == value for name, value in trap.given.items())


def _is_none(reading: Reading, name: str) -> bool:
    given = reading.given(name)
    return given is None or reading.value(given) is None

"""What PHP projects ask for and get: `composer.json` and `composer.lock`."""

import re
from collections.abc import Iterator

from petguard.documents import read_json
from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing, listed
from petguard.parsers._manifests.python_locks import locked

_EXACT = re.compile(r"[=v]{0,2}\s*(\d+\.\d+[\w.+-]*)")


def composer_json(sheet: Sheet) -> Iterator[Dependency]:
    """What the project and its development require."""
    source = sheet.source(read_json(sheet.text))
    top = source.mapping(source.document.value)
    for table in ("require", "require-dev"):
        for name, wanted in source.mapping(top.get(table), table).items():
            version = _EXACT.fullmatch((source.string(wanted, table, name) or "").strip())
            exact = version[1] if version and "*" not in version[1] else None
            yield listed(source, name, exact, table, name)


def composer_lock(sheet: Sheet) -> Iterator[Dependency]:
    """Two flat lists; `composer.json` says what was asked for."""
    source = sheet.source(read_json(sheet.text))
    top = source.mapping(source.document.value)
    for key in ("packages", "packages-dev"):
        for index, value in enumerate(source.items(top.get(key), key)):
            package = source.mapping(value, key, index)
            yield from locked(source, package, key, index, standing=Standing.LOCKED)


FORMATS = (
    Format("composer", r"composer\.json", composer_json),
    Format("composer", r"composer\.lock", composer_lock, lock=True),
)

"""What following data through a whole tree found, as it was found before where nothing that decides it has changed.

Most of a scan with a cache would be joining the same summaries again. The key holds everything that goes in: each file
with its path and text, what was found in them before, and this installation; policy and date take no part.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from petguard import _shipped
from petguard.cache import Cache
from petguard.collect import Input
from petguard.model import Facts, Gap
from petguard.parsers._summaries import key_of

Found = tuple[Facts | Gap, ...]


def remembered(
    items: Sequence[Input],
    cache: Cache,
    dialect: str,
    follow: Callable[[], Iterable[Facts | Gap]],
    given: Iterable[object] = (),
) -> Found:
    """What `follow` finds, or found before in these files; `given` is what else it depends on, told by its `repr`."""
    key = _key(items, dialect, given)
    found = _read(cache.recall(key))
    if found is None:
        found = tuple(follow())
        rows = [_row(each) for each in found]
        if _read(rows) == found:  # what does not come back as it was is found again each time
            cache.remember(key, rows)
    else:
        for item in items:
            cache.recall(key_of(item, dialect))  # else they would be forgotten, and needed when one file has changed
    return found


def _key(items: Iterable[Input], dialect: str, given: Iterable[object]) -> str:
    total = hashlib.sha256(_shipped.installation().encode())
    for each in (*((item.path, item.digest) for item in items), *given):
        total.update(f"{each!r}\n".encode())
    return f"tree {dialect} {total.hexdigest()}"


def _row(each: Facts | Gap) -> dict[str, Any]:
    return {"facts" if isinstance(each, Facts) else "gap": each.model_dump(mode="json", exclude_defaults=True)}


def _read(rows: list[dict[str, Any]] | None) -> Found | None:
    with suppress(KeyError, ValueError):
        return None if rows is None else tuple(map(_one, rows))
    return None


def _one(row: dict[str, Any]) -> Facts | Gap:
    return Facts.model_validate(row["facts"]) if "facts" in row else Gap.model_validate(row["gap"])

"""The published security of protocols for computing together, by `rules/pets/protocols.yaml`.

A framework's own name for a protocol is looked up whatever its spelling: `Semi2k`, `semi2k-party.x` and `semi2k.sh` are
one. What is not in the table has no model here, and a claim about it cannot be judged.
"""

import re
from functools import cache
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from petguard import _shipped, tables
from petguard.model import Frozen

Adversary = Literal["none", "semi_honest", "covert", "malicious"]
STRENGTH: tuple[Adversary, ...] = ("none", "semi_honest", "covert", "malicious")  # each withstands those before it
Corrupted = Literal["none", "one", "third", "minority", "all_but_dealer", "all_but_one", "threshold"]


class Row(Frozen):
    """What is published about protocols that share one model."""

    framework: str = ""
    names: Annotated[tuple[str, ...], Field(min_length=1)]
    adversary: Adversary
    source: str
    assumes: tuple[str, ...] = ()
    why: str = ""  # in what way one without security has none

    @property
    def is_family(self) -> bool:
        """Whether the name stands for several protocols: papers have stronger ones of it, a framework's is one."""
        return not self.framework


class Computation(Row):
    """A protocol that computes on secrets: how many of how many parties may work together against the others."""

    corrupted: Corrupted
    parties: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)]
    security: int | None = None
    open_to: Corrupted | None = None  # up to how many may work together in other protocols of the same name

    def most_corrupted(self, parties: int) -> int:
        """How many parties may work together and still learn nothing, of this many."""
        return _most(self.corrupted, parties)

    def depends(self, threshold: int, parties: int) -> bool:
        """Whether protocols of this name differ in whether so many may work together."""
        return self.open_to is not None and threshold <= _most(self.open_to, parties)

    def takes(self, parties: int) -> bool:
        """Whether the protocol runs with this many parties."""
        return self.parties[0] <= parties and (len(self.parties) == 1 or parties <= self.parties[1])


def _most(corrupted: Corrupted, parties: int) -> int:
    return {
        "none": 0, "one": 1, "third": (parties - 1) // 3, "minority": (parties - 1) // 2,
        "all_but_dealer": parties - 2, "all_but_one": parties - 1, "threshold": parties - 1,
    }[corrupted]  # fmt: skip


class Intersection(Row):
    """A protocol for private set intersection, and what its result tells."""

    reveals: Literal["intersection", "cardinality", "shares"]
    also: str = ""  # what else a party learns
    noisy: bool = False


Kind = TypeVar("Kind", bound=Row)


class _Table(Frozen):
    mpc: tuple[Computation, ...]
    sharing: tuple[Computation, ...]
    psi: tuple[Intersection, ...]


@cache
def _table() -> _Table:
    return _Table.model_validate(tables.read(_shipped.folder("rules") / "pets" / "protocols.yaml").value)


def computation(framework: str | None, protocol: str) -> Computation | None:
    """The row of a protocol for computing together."""
    return _find(_table().mpc, framework, protocol)


def sharing(framework: str | None, protocol: str) -> Computation | None:
    """The row of a way to share a secret; a protocol for computing on shares is one, too."""
    return _find(_table().sharing, framework, protocol) or computation(framework, protocol)


def intersection(framework: str | None, scheme: str) -> Intersection | None:
    """The row of a protocol for private set intersection."""
    return _find(_table().psi, framework, scheme)


def _find(rows: tuple[Kind, ...], framework: str | None, name: str) -> Kind | None:
    wanted, within = _plain(name), _plain(framework or "")
    mine = (row for row in rows if _plain(row.framework) == within)
    return next((row for row in mine if wanted in map(_plain, row.names)), None)


def _plain(name: str) -> str:
    """A name without what people spell differently."""
    short = re.sub(r"(?:-party)?\.(?:x|sh)$", "", name.strip().lower())
    return re.sub(r"[^a-z0-9]", "", short)

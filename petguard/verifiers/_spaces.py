"""The sets of values that are small enough to be tried one by one: telephone numbers, dates, addresses and the like.

Each is cut into blocks: a stem and the ends that go behind it, so that a block is hashed in one loop.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, product

Block = tuple[bytes, Sequence[bytes]]

_BLOCK = 10_000
_FOUR = [b"%04d" % number for number in range(10_000)]
_OCTETS = [b"%d" % number for number in range(256)]
_PAIRS = [b"%d.%d" % (third, fourth) for third in range(256) for fourth in range(256)]
_DATES = (
    "%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%m%d%Y", "%d%m%Y",
    "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00",
)  # fmt: skip
_YEARS = 110
_PHONES = (("", "", ""), ("+1", "", ""), ("", "-", "-"), ("(", ") ", "-"), ("1", "", ""))
_BUSY = ("212", "310", "415", "312", "213", "713", "404", "617", "305", "202", "206", "214", "702", "602", "416")
_WORDS = (
    "m", "f", "M", "F", "male", "female", "Male", "Female", "yes", "no", "Yes", "No", "true", "false", "True", "False",
)  # fmt: skip


@dataclass(frozen=True)
class Space:
    """Values of one kind: how many there are, and the blocks that hold them all."""

    name: str
    size: int
    blocks: Callable[[], Iterable[Block]]


def spaces(kind: str, today: date, areas: Sequence[str] = ()) -> tuple[Space, ...]:
    """The spaces of a kind, small ones first; `areas` are telephone area codes to begin with."""
    of_kind: dict[str, tuple[Space, ...]] = {
        "postcode": (_postcodes(),),
        "date": (_dates(today),),
        "phone": (_phones(areas),),
        "ssn": (_numbers_of_persons("-"), _numbers_of_persons("")),
        "ipv4": (_near_addresses(), _addresses()),
    }
    if kind != "any":
        return of_kind.get(kind, ())
    small = (_few(), _postcodes(), _dates(today), _counted(0, 1_000_000), _near_addresses())
    return (*small, _phones(areas), _numbers_of_persons("-"), _counted(1_000_000, 100_000_000), _addresses())


def listed(name: str, values: Iterable[str]) -> Space:
    """Values that were found somewhere, each once and in their order."""
    held = [value.encode() for value in dict.fromkeys(values)]
    return Space(name, len(held), lambda: ((b"", held[at : at + _BLOCK]) for at in range(0, len(held), _BLOCK)))


def streamed(name: str, size: int, values: Callable[[], Iterable[str]]) -> Space:
    """At most `size` values that are made when they are tried, because there are many."""

    def blocks() -> Iterator[Block]:
        source = iter(values())
        while block := [value.encode() for value in islice(source, _BLOCK)]:
            yield b"", block

    return Space(name, size, blocks)


def _few() -> Space:
    return listed("ages, years and yes or no", [*map(str, range(121)), *map(str, range(1900, 2031)), *_WORDS])


def _dates(today: date) -> Space:
    days = [today - timedelta(days) for days in range(_YEARS * 365)]

    def blocks() -> Iterator[Block]:
        for form in _DATES:
            yield b"", [day.strftime(form).encode() for day in days]

    return Space(f"dates of the last {_YEARS} years in {len(_DATES)} forms", len(days) * len(_DATES), blocks)


def _postcodes() -> Space:
    five = ((b"%d" % first, _FOUR) for first in range(10))
    return Space("postcodes of four or five digits", 110_000, lambda: (*five, (b"", _FOUR)))


def _phones(areas: Sequence[str]) -> Space:
    """North American numbers, area code by area code: 8 million each in one form."""
    known = [area for area in areas if len(area) == 3 and area.isdigit()]
    rest = (str(area) for area in range(201, 990) if area % 100 != 11 and area // 10 % 10 != 9)
    others = [area for area in dict.fromkeys((*_BUSY, *rest)) if area not in known]
    ordered = [*known, *others]

    def blocks() -> Iterator[Block]:
        for group in (known, others):
            for (before, middle, behind), area in product(_PHONES, group):
                for exchange in range(200, 1000):
                    yield f"{before}{area}{middle}{exchange}{behind}".encode(), _FOUR

    size = len(ordered) * len(_PHONES) * 800 * len(_FOUR)
    return Space("North American telephone numbers", size, blocks)


def _numbers_of_persons(between: str) -> Space:
    areas = [area for area in range(1, 900) if area != 666]

    def blocks() -> Iterator[Block]:
        for area in areas:
            for group in range(1, 100):
                yield f"{area:03}{between}{group:02}{between}".encode(), _FOUR

    written = "with dashes" if between else "as nine digits"
    return Space(f"US social security numbers {written}", len(areas) * 99 * len(_FOUR), blocks)


def _near_addresses() -> Space:
    def blocks() -> Iterator[Block]:
        for stem in ("192.168.", "10.0.", "127.0.", *(f"172.{second}." for second in range(16, 32))):
            yield stem.encode(), _PAIRS

    return Space("private IPv4 addresses (without most of 10/8)", 19 * len(_PAIRS), blocks)


def _addresses() -> Space:
    def blocks() -> Iterator[Block]:
        for first in range(1, 224):
            for second in _OCTETS:
                yield b"%d.%b." % (first, second), _PAIRS

    return Space("IPv4 addresses", 223 * 256 * len(_PAIRS), blocks)


def _counted(first: int, end: int) -> Space:
    def blocks() -> Iterator[Block]:
        if not first:
            yield b"", [b"%d" % number for number in range(_BLOCK)]
        for high in range(max(1, first // _BLOCK), end // _BLOCK):
            yield b"%d" % high, _FOUR

    return Space(f"numbers from {first:,} to {end:,}", end - first, blocks)

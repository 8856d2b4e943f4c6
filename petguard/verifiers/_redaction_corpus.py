"""Makes texts that hold one invented piece of personal data each, the same for the same seed on every machine.

Numbers carry right check digits and addresses the forms of their countries, so that a redactor which checks them finds
them. Nobody is meant; a likeness is chance. The version changes whenever a text would.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

T = TypeVar("T")

VERSION = "1"
SEED = 20_260

_GIVEN = (
    "Anna", "Ben", "Carla", "Daniel", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Karin", "Liam", "Maria",
    "Noah", "Olga", "Pedro", "Quentin", "Rosa", "Samuel", "Tara", "Umar", "Vera", "William", "Ximena", "Yusuf", "Zoe",
    "Priya", "Wei", "Kenji", "Amina", "Lars", "Chiara",
)  # fmt: skip
_FAMILY = (
    "Abbott", "Baker", "Castillo", "Dubois", "Eriksson", "Fischer", "Gupta", "Hernandez", "Ivanova", "Johnson",
    "Keller", "Lopez", "Murphy", "Nakamura", "Okafor", "Petrov", "Quinn", "Romano", "Schmidt", "Taylor", "Ueda",
    "Vargas", "Walsh", "Xu", "Yilmaz", "Zhang", "Novak", "Andersson", "Moreau", "Kowalski", "Haddad", "Osei",
)  # fmt: skip
_DOMAINS = ("example.com", "example.org", "mail.example.net", "corp.example.com", "uni.example.edu")
_STREETS = ("Oak", "Maple", "Station", "Church", "Park", "Mill", "Hill", "River", "Garden", "King")
_KINDS_OF_STREET = ("Street", "Avenue", "Road", "Lane", "Drive")
_TOWNS = ("Springfield", "Riverton", "Lakewood", "Fairview", "Greenville", "Ashford", "Milton", "Clayton")
_MONTHS = ("January", "March", "April", "June", "August", "October", "December")
_IBANS = (("DE", 18), ("FR", 23), ("ES", 20), ("NL", 0), ("GB", 0))
_AROUND: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "email": (
            "Please write to {} about the invoice.",
            "Contact: {}",
            "I am {} and forgot my password.",
            "cc {} on it",
        ),
        "phone": ("Call me at {} after six.", "Phone: {}", "My number is {}, thanks.", "ring {} when you arrive"),
        "ssn": ("My social security number is {}.", "SSN: {}", "The form shows {} in box a.", "applicant {}, approved"),
        "card": (
            "I paid with card {} yesterday.",
            "Card number: {}",
            "Charge {} for the order.",
            "used {} at checkout",
        ),
        "iban": ("Transfer it to {} by Friday.", "IBAN: {}", "The account {} was closed.", "refund goes to {}"),
        "ipv4": ("The login came from {} at noon.", "IP address: {}", "Blocked {} for an hour.", "host {} is down"),
        "date_of_birth": ("I was born on {}.", "Date of birth: {}", "DOB {} as on the passport.", "born {}, citizen"),
        "name": ("My name is {} and I need help.", "Patient: {}", "{} called about the results.", "signed by {}"),
        "address": ("Ship it to {} please.", "Address: {}", "I moved to {} in May.", "lives at {} since then"),
    }
)


@dataclass(frozen=True)
class Sample:
    """A text, and the personal data in it."""

    kind: str
    value: str
    text: str


class _Draw:
    """Random numbers from a hash of a counter, so that no version of any library changes them."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, and without, the limit."""
        self._count += 1
        digest = hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % limit

    def of(self, values: Sequence[T]) -> T:
        """One of them."""
        return values[self.below(len(values))]

    def digits(self, count: int) -> str:
        """That many digits."""
        return "".join(str(self.below(10)) for _ in range(count))


KINDS = tuple(_AROUND)


def samples(kind: str, count: int, seed: int = SEED) -> list[Sample]:
    """Texts with data of one kind, the same ones first however many; KeyError when there is none of this kind."""
    draw = _Draw(f"{VERSION}/{seed}/{kind}")
    return [_sample(kind, draw) for _ in range(count)]


def _sample(kind: str, draw: _Draw) -> Sample:
    value = _MAKERS[kind](draw)
    return Sample(kind, value, draw.of(_AROUND[kind]).format(value))


def _email(draw: _Draw) -> str:
    first, last = draw.of(_GIVEN).lower(), draw.of(_FAMILY).lower()
    local = draw.of(
        (f"{first}.{last}", f"{first[0]}{last}", f"{first}_{last}{draw.below(100)}", f"{first}+{draw.below(10)}")
    )
    return f"{local}@{draw.of(_DOMAINS)}"


def _phone(draw: _Draw) -> str:
    area, exchange, line = f"{200 + draw.below(700)}", f"{200 + draw.below(700)}", draw.digits(4)
    return draw.of((
        f"({area}) {exchange}-{line}", f"{area}-{exchange}-{line}", f"+1 {area} {exchange} {line}",
        f"+44 20 7{draw.digits(3)} {draw.digits(4)}", f"+49 30 {draw.digits(8)}",
    ))  # fmt: skip


def _ssn(draw: _Draw) -> str:
    area = 1 + draw.below(665)
    return f"{area:03}-{1 + draw.below(99):02}-{1 + draw.below(9999):04}"


def _card(draw: _Draw) -> str:
    prefix, length = draw.of((("4", 16), ("51", 16), ("55", 16), ("37", 15)))
    body = prefix + draw.digits(length - len(prefix) - 1)
    number = body + _check_digit(body)
    grouped = " ".join(number[at : at + 4] for at in range(0, 16, 4))
    return number if length == 15 else draw.of((number, grouped, grouped.replace(" ", "-")))


def _check_digit(body: str) -> str:
    """The last digit after Luhn (ISO/IEC 7812-1)."""
    doubled = [int(char) * (2 - at % 2) for at, char in enumerate(reversed(body))]
    return str(-sum(each // 10 + each % 10 for each in doubled) % 10)


def _iban(draw: _Draw) -> str:
    country, count = draw.of(_IBANS)
    account = {"NL": f"ABNA{draw.digits(10)}", "GB": f"NWBK{draw.digits(14)}"}.get(country, draw.digits(count))
    moved = "".join(str(int(char, 36)) for char in f"{account}{country}00")
    number = f"{country}{98 - int(moved) % 97:02}{account}"  # ISO 13616: the remainder by 97 is 1
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    return draw.of((number, grouped))


def _ipv4(draw: _Draw) -> str:
    return ".".join(str(1 + draw.below(223)) for _ in range(4))


def _date_of_birth(draw: _Draw) -> str:
    year, month, day = 1935 + draw.below(75), 1 + draw.below(12), 1 + draw.below(28)
    return draw.of((
        f"{year}-{month:02}-{day:02}", f"{month:02}/{day:02}/{year}", f"{day:02}.{month:02}.{year}",
        f"{draw.of(_MONTHS)} {day}, {year}",
    ))  # fmt: skip


def _name(draw: _Draw) -> str:
    return f"{draw.of(_GIVEN)} {draw.of(_FAMILY)}"


def _address(draw: _Draw) -> str:
    street = f"{1 + draw.below(990)} {draw.of(_STREETS)} {draw.of(_KINDS_OF_STREET)}"
    return f"{street}, {draw.of(_TOWNS)}, {draw.of(('CA', 'NY', 'TX', 'OH', 'WA'))} {10000 + draw.below(89999)}"


_MAKERS: Mapping[str, Callable[[_Draw], str]] = MappingProxyType(
    {
        "email": _email,
        "phone": _phone,
        "ssn": _ssn,
        "card": _card,
        "iban": _iban,
        "ipv4": _ipv4,
        "date_of_birth": _date_of_birth,
        "name": _name,
        "address": _address,
    }
)

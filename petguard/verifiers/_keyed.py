"""The attack on format-preserving encryption: decrypt with every key in the project, and see what comes out.

Any key gives something of the right form. So a key counts only when what it gives is known from elsewhere, or keeps
rules that random digits would break: a check digit, the ranges of an American number, a calendar.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial

from petguard.claims import Pseudonymisation
from petguard.verifiers import Bench, _clear_values, _code_constants, _formats, _pseudonyms
from petguard.verifiers._code_constants import Constant
from petguard.verifiers._pseudonyms import Breach, Outcome, Pseudonyms

_SAMPLE = 200
_FEWEST_KNOWN = 3
_BY_CHANCE = 1e-6
_FF3_KEYS, _FF3_TWEAKS = frozenset({32, 48, 64}), frozenset({14, 16})  # hex digits
_ALPHABETS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "0123456789abcdefghijklmnopqrstuvwxyz")
_SHORTEST = 2

Way = tuple[str, Callable[[Sequence[int]], list[int]]]


def attack(column: Pseudonyms, said: Pseudonymisation, bench: Bench) -> Outcome:
    """Decrypt a sample with each key; only cells over a usual alphabet can be tried."""
    if said.method in {"hash", "hmac"} or column.shape is not None:
        return None, ""
    cells = column.cells[:_SAMPLE]
    alphabet = next((each for each in _ALPHABETS if all(set(_bare(cell)) <= set(each) for cell in cells)), None)
    if alphabet is None or min(len(_bare(cell)) for cell in cells) < _SHORTEST:
        return None, "their alphabet is none in which format-preserving encryption was tried"
    constants = _code_constants.constants(bench.files)
    known = _known(column)
    tried, width = 0, max(len(_bare(cell)) for cell in cells)
    for name, decrypt in _ways(constants, len(alphabet)):
        tried += 1
        plain = {cell: _decrypted(cell, alphabet, decrypt, width) for cell in cells}
        if (proof := _proof(plain, known)) is not None:
            return _breach(column, name, plain, proof), ""
    domain = len(alphabet) ** width
    small = f"; there are only {domain:,} values of this form, fewer than SP 800-38G asks for"
    note = f"{tried:,} keys of FF3 and pyffx from constants of the project give nothing that can be recognised"
    return None, note + (small if domain < _formats.FEWEST else "")


def _bare(cell: str) -> str:
    return re.sub(r"[\s().+-]", "", cell)


def _ways(constants: Sequence[Constant], radix: int) -> Iterator[Way]:
    """Every key with every tweak, as FF3 and as pyffx take them."""
    sized = [each for each in constants if re.fullmatch(r"[0-9A-Fa-f]+", each.value)]
    for each in constants:
        key = each.value.encode()
        yield f"pyffx with the key {each.told}", partial(_formats.pyffx, key, radix)
    for each in (each for each in sized if len(each.value) in _FF3_KEYS):
        for other in (other for other in sized if len(other.value) in _FF3_TWEAKS):
            key, tweak = bytes.fromhex(each.value), bytes.fromhex(other.value)
            yield (
                f"FF3 with the key {each.told} and the tweak {other.told}",
                partial(_formats.ff3, key, tweak, radix),
            )


def _decrypted(cell: str, alphabet: str, decrypt: Callable[[Sequence[int]], list[int]], width: int) -> str:
    """The plain text of one cell; numbers that lost leading zeros get them back."""
    bare = _bare(cell)
    if alphabet == _ALPHABETS[0] and bare == cell:
        bare = bare.zfill(width)
    return "".join(alphabet[symbol] for symbol in decrypt([alphabet.index(each) for each in bare]))


def _known(column: Pseudonyms) -> frozenset[str]:
    """Clear values of the project, as they are and as bare letters and digits."""
    found = (value for each in _clear_values.columns(column.table, column.column) for value in each.values)
    return frozenset(each for value in found for each in (value, _bare(value).lower()))


def _proof(plain: dict[str, str], known: frozenset[str]) -> str | None:
    """What shows that this is the key: more known values than chance gives, or a rule that all of them keep."""
    values = list(plain.values())
    met = sum(value in known for value in values)
    alike = sum(len(value) == len(values[0]) for value in known)
    expected = len(values) * alike / 10.0 ** len(values[0])  # letters make chance smaller still
    if met >= _FEWEST_KNOWN and met * math.log(max(expected, 1e-300)) - math.lgamma(met + 1) < math.log(_BY_CHANCE):
        return f"{met:,} of {len(values):,} are known from other columns"
    for told, rule, chance in _RULES:
        if chance ** len(values) < _BY_CHANCE and all(map(rule, values)):
            return f"all {len(values):,} are {told}"
    return None


def _is_card(value: str) -> bool:
    digits = [int(char) for char in reversed(value)] if value.isdecimal() and 13 <= len(value) <= 19 else []
    doubled = (each * 2 - 9 * (each > 4) for each in digits[1::2])
    return bool(digits) and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_person_number(value: str) -> bool:
    return re.fullmatch(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}", value) is not None


def _is_phone(value: str) -> bool:
    return re.fullmatch(r"1?(?:[2-9]\d{2}){2}\d{4}", value) is not None


def _is_day(value: str) -> bool:
    if len(value) != 8 or not value.isdecimal() or not 1900 <= int(value[:4]) <= 2035:
        return False
    try:
        return bool(date(int(value[:4]), int(value[4:6]), int(value[6:])))
    except ValueError:
        return False


# How many random digits would keep the rule, from above.
_RULES: tuple[tuple[str, Callable[[str], bool], float], ...] = (
    ("card numbers with a right check digit", _is_card, 0.1),
    ("days of the calendar", _is_day, 0.001),
    ("telephone numbers", _is_phone, 0.65),
    ("social security numbers", _is_person_number, 0.9),
)


def _breach(column: Pseudonyms, name: str, plain: dict[str, str], proof: str) -> Breach:
    words = f"{column.words}: decrypted by {name}; {proof}"
    number = len(plain)
    witness = {"recovered": number, "share": _pseudonyms.share(number, column), "by": [name], "proof": proof}
    return Breach(words, {**witness, "examples": _pseudonyms.examples(plain)})

"""Parameters of homomorphic encryption in C++: Microsoft SEAL's `EncryptionParameters` and OpenFHE's `CCParams`.

No grammar is needed: within one function, the setters that are called on a variable, and numbers that stand in them or
were last assigned to a name in the same block or one around. Anything else is left open, with what stands there.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pydantic import ValidationError

from petguard import he_standard, secrets
from petguard.claims import HomomorphicEncryption
from petguard.collect import Candidate, Input, Interest
from petguard.errors import UnreadableInput
from petguard.hazards import Hazard
from petguard.model import Asset, Claim, Danger, Facts, Gap, Location, Node, NodeKind, Origin
from petguard.parsers import Parser, _he_levels, one_by_one

_SUFFIXES = frozenset({".cpp", ".cc", ".cxx", ".c++", ".h", ".hh", ".hpp", ".hxx", ".cu"})
_ANCHORS = (b"set_poly_modulus_degree", b"CCParams<")
_NOISE = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n]){0,150}\"", re.DOTALL)
_SEAL = re.compile(r"\b(\w{1,100})\s*(?:\.|->)\s*set_poly_modulus_degree\s*\(")
_OPENFHE = re.compile(r"\bCCParams\s*<\s*CryptoContext(CKKS|BFV|BGV)RNS\s*>\s+(\w{1,100})\s*[;({]")
_SCHEME = re.compile(r"\bscheme_type::(ckks|bfv|bgv)\b", re.IGNORECASE)
_LEVEL = re.compile(r"\bsec_level_type::(none|tc\d{3})\b")
_PRIMES = re.compile(r"CoeffModulus::Create\s*\([^{};]{0,200}\{([^{}]{0,2000})\}")
_DEFAULT = re.compile(r"CoeffModulus::(?:BFVDefault|MaxBitCount)\s*\(")
_NUMBER = re.compile(r"\(?\s*(\d{1,15})(?:[uUlL]{0,3}|\s*<<\s*(\d{1,2}))\s*\)?")
_NAME = re.compile(r"[A-Za-z_]\w{0,99}")
_NEAR = 5_000  # characters between the parts of one set of parameters, so that a hostile file ends soon
_LONGEST = 1_000_000  # characters of a file; code that people write is shorter
_MOST = 200  # sets of parameters in one file
_NAMESPACE = re.compile(r"(?:namespace\b[^;{}]{0,200}|extern\s*)\Z")


def _interest(candidate: Candidate) -> Interest:
    mine = candidate.suffix in _SUFFIXES and any(anchor in candidate.data for anchor in _ANCHORS)
    return Interest.READ if mine else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return one_by_one(inputs, _read)


@dataclass
class _Found:
    """One set of parameters: where it stands, and what it states."""

    at: int
    values: dict[str, Any]
    unresolved: dict[str, str] = field(default_factory=dict)
    unchecked: int | None = None  # where the security check is switched off


class _Code:
    """A file without comments and texts, cut into functions, with the depth of braces at every brace."""

    def __init__(self, text: str) -> None:
        self.text = _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
        self.chunks: list[tuple[int, int]] = []
        self._braces: list[tuple[int, int]] = []  # position, depth behind it
        self._cut()

    def _cut(self) -> None:
        transparent, depth, start = [], 0, 0
        for brace in re.finditer(r"[{}]", self.text):
            if brace[0] == "{":
                opens = _NAMESPACE.search(self.text, max(0, brace.start() - 220), brace.start())
                transparent.append(opens is not None)
                depth += opens is None
            elif transparent:
                depth -= not transparent.pop()
                if depth == 0:
                    self.chunks.append((start, brace.end()))
                    start = brace.end()
            self._braces.append((brace.start(), depth))
        self.chunks.append((start, len(self.text)))

    def whole(self, expression: str, start: int, at: int) -> int | None:
        """The number that an expression surely is at a place: written there, or the last one assigned to a name."""
        number = _NUMBER.fullmatch(expression.strip())
        if number:
            return int(number[1]) << int(number[2] or 0)
        if not _NAME.fullmatch(expression.strip()):
            return None
        assigned = re.compile(
            rf"\b{expression.strip()}\s*(?:=\s*([^=;{{}}][^;{{}}]{{0,100}})|[({{]([^;{{}}()]{{1,60}})[)}}])\s*;"
        )
        last = None
        for match in assigned.finditer(self.text, max(start, at - _NEAR), at):
            last = match
        if last is None or not self._is_open(last.start(), at):
            return None
        number = _NUMBER.fullmatch((last[1] or last[2]).strip())
        return int(number[1]) << int(number[2] or 0) if number else None

    def _is_open(self, start: int, end: int) -> bool:
        """Whether the block around `start` is still open at `end`, so that what was assigned there holds."""
        first, last = (bisect_left(self._braces, (at, -1)) for at in (start, end))
        depth = self._braces[first - 1][1] if first else 0
        return all(each >= depth for _, each in self._braces[first:last])

    def argument(self, at: int) -> str:
        """The text up to the parenthesis that closes the one before `at`, at most 3000 characters."""
        depth = 1
        for match in re.finditer(r"[()]", self.text[at : at + 3000]):
            depth += 1 if match[0] == "(" else -1
            if depth == 0:
                return self.text[at : at + match.start()]
        return ""


def _read(item: Input) -> Facts:
    if len(item.text) > _LONGEST:
        raise UnreadableInput(f"more than {_LONGEST:,} characters", reason="too_large")
    code = _Code(item.text)
    stated = (each for start, end in code.chunks for each in (*_seal(code, start, end), *_openfhe(code, start, end)))
    found = list(islice(stated, _MOST + 1))
    if len(found) > _MOST:
        raise UnreadableInput(f"more than {_MOST} sets of parameters", reason="too_large")
    facts = [_facts(item, each) for each in sorted(found, key=lambda each: each.at)]
    return Facts(
        nodes=tuple(node for part in facts for node in part.nodes),
        claims=tuple(claim for part in facts for claim in part.claims),
    )


# --- SEAL -----------------------------------------------------------------------------------------------------------


def _seal(code: _Code, start: int, end: int) -> Iterator[_Found]:
    setters = list(_SEAL.finditer(code.text, start, end))
    nexts: dict[str, int] = {}
    parts: list[tuple[re.Match[str], int]] = []
    for setter in reversed(setters):
        parts.append((setter, nexts.get(setter[1], end)))
        nexts[setter[1]] = setter.start()
    for setter, until in reversed(parts):
        near = (max(start, setter.start() - _NEAR), min(until, setter.start() + _NEAR))
        yield _seal_parameters(code, near, setter)


def _seal_parameters(code: _Code, part: tuple[int, int], setter: re.Match[str]) -> _Found:
    start, end = part
    found = _Found(setter.start(), {})
    degree = code.argument(setter.end())
    _take(found, "poly_modulus_degree", code.whole(degree, start, setter.start()), degree)
    schemes = {match[1].lower() for match in _SCHEME.finditer(code.text, start, setter.start())}
    if len(schemes) == 1:
        found.values["scheme"] = schemes.pop()
    _seal_level(code, part, found)
    pattern = re.compile(rf"\b{setter[1]}\s*(?:\.|->)\s*set_coeff_modulus\s*\(")
    modulus = pattern.search(code.text, setter.end(), end)
    if modulus:
        _seal_modulus(code, start, modulus, found)
    return found


def _seal_level(code: _Code, part: tuple[int, int], found: _Found) -> None:
    """128 bits are the library's default; a level that is set, once, counts instead."""
    levels = {match[1]: match.start() for match in _LEVEL.finditer(code.text, *part)}
    if "none" in levels:
        found.unchecked = levels["none"]
    elif not levels:
        found.values["bits"] = 128
    elif len(levels) == 1:
        found.values["bits"] = int(next(iter(levels))[2:])
    else:
        found.unresolved["bits"] = "more than one sec_level_type stands in this function"


def _seal_modulus(code: _Code, start: int, modulus: re.Match[str], found: _Found) -> None:
    given = code.argument(modulus.end())
    primes = _PRIMES.search(given)
    degree, bits = found.values.get("poly_modulus_degree"), found.values.get("bits", 128)
    if primes:
        sizes = [code.whole(each, start, modulus.start()) for each in primes[1].split(",") if each.strip()]
        whole = None if None in sizes or not sizes or 0 in sizes else tuple(sizes)
        _take(found, "coeff_mod_bit_sizes", whole, primes[1])
    elif _DEFAULT.search(given):
        most = he_standard.limit(degree, bits) if degree in he_standard.DEGREES else None
        _take(found, "log_q", float(most) if most else None, given)
    else:
        _take(found, "coeff_mod_bit_sizes", None, given)


# --- OpenFHE --------------------------------------------------------------------------------------------------------


def _openfhe(code: _Code, start: int, end: int) -> Iterator[_Found]:
    for made in _OPENFHE.finditer(code.text, start, end):
        found = _Found(made.start(), {"scheme": made[1].lower()})
        setter = re.compile(rf"\b{made[2]}\s*\.\s*Set(\w{{1,60}})\s*\(")
        given = {
            match[1]: (code.argument(match.end()), match.start())
            for match in setter.finditer(code.text, made.end(), min(end, made.end() + _NEAR))
        }
        numbers = {name: code.whole(text, start, at) for name, (text, at) in given.items()}
        texts = {name: text for name, (text, _) in given.items()}
        stated = _he_levels.openfhe(made[1].lower(), numbers, texts)
        found.values.update(stated.values)
        found.unresolved.update(stated.unresolved)
        found.unchecked = given["SecurityLevel"][1] if stated.unchecked else None
        yield found


# --- both -----------------------------------------------------------------------------------------------------------


def _take(found: _Found, name: str, value: object, text: str) -> None:
    if value is None or value == 0:
        found.unresolved[name] = f"{' '.join(text.split())[:80]} is not a constant"
    else:
        found.values[name] = value


def _facts(item: Input, found: _Found) -> Facts:
    place = _location(item, found.at)
    key = f"homomorphic_encryption:{item.path}:{place.line}:{place.column}"
    dangers: tuple[Danger, ...] = ()
    if found.unchecked is not None:
        where = _location(item, found.unchecked)
        dangers = (Danger(hazard=Hazard.SECURITY_CHECK_OFF, location=where, detail=_he_levels.UNCHECKED),)
    claim = Claim(
        id=key, statement=_statement(found.values, place.line), location=place,
        subject=item.path, unresolved=found.unresolved, dangers=dangers,
    )  # fmt: skip
    node = Node(
        id=f"pet:{key}", kind=NodeKind.PROTECTION, name="homomorphic encryption", origin=Origin.DETECTED,
        locations=(place,), asset=Asset.PET, technique="homomorphic_encryption", claim=key,
    )  # fmt: skip
    return Facts(nodes=(node,), claims=(claim,))


def _statement(values: dict[str, Any], line: int) -> HomomorphicEncryption:
    try:
        return HomomorphicEncryption.model_validate(values, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        raise UnreadableInput(detail, reason="invalid_value", line=line) from error


def _location(item: Input, at: int) -> Location:
    start = item.text.rfind("\n", 0, at) + 1
    line = item.text[start : start + 2000].split("\n", 1)[0]
    return Location(
        path=item.path, line=item.text.count("\n", 0, at) + 1, column=at - start + 1,
        evidence=secrets.mask_literals_in(line.strip()),
    )  # fmt: skip


PARSER = Parser.of_configs("he_cpp", _interest, _parse)

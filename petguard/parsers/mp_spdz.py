"""MP-SPDZ in scripts, containers, pipelines and `CONFIG.mine`: which protocol runs, with which options, and how built.

A protocol is told by the name of its program (`semi2k-party.x`) or of its script (`Scripts/semi2k.sh`). What is only
built, and what stands in a comment, is not run.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from petguard import protocols, secrets
from petguard.claims import Mpc
from petguard.collect import Candidate, Input, Interest
from petguard.errors import UnreadableInput
from petguard.hazards import Hazard
from petguard.model import Danger, Facts, Gap, Location
from petguard.parsers import Parser, one_by_one
from petguard.parsers._crypto_claims import claimed
from petguard.parsers._source import together

_FRAMEWORK = "MP-SPDZ"
_SUFFIXES = frozenset({"", ".sh", ".bash", ".mk", ".mine", ".yml", ".yaml", ".py", ".dockerfile"})
_PROGRAM = re.compile(r"(?<![\w$}-])([a-z0-9][a-z0-9-]{1,40})-party\.x\b|\b(Fake-Offline|Player-Online|emulate)\.x\b")
_SCRIPT = re.compile(r"\bScripts/([a-z0-9-]{2,40})\.sh\b")
_BUILDS = re.compile(
    r"\bmake\b|\bdocker\s+build\b|--build-arg|^\s*(?:ARG|ENV|COPY|ADD)\s|\b(?:rm|cp|ls|ln|mv|strip)\s|^\s*[\w./-]+\.x\s*:"
)
_COMMENT = re.compile(r"\s*(?:#(?!!)|//|rem\b)", re.IGNORECASE)
_OPTIONS = {
    "parties": re.compile(r"(?:\s-N\s*=?\s*|\s--nparties[ =])(\d{1,6})\b|\bPLAYERS=(\d{1,6})\b"),
    "threshold": re.compile(r"\s(?:-T|--threshold)[ =](\d{1,6})\b|\bTHRESHOLD=(\d{1,6})\b"),
    "statistical_security": re.compile(r"\s(?:-S|--security|-SP|--spdz2k-security)[ =](\d{1,6})\b"),
}
_MAKEFILE = re.compile(r"(?:^|/)(?:GNU)?[Mm]akefile[^/]*$|\.mk$")
_INSECURE = re.compile(r"^[^#\n]{0,400}-DINSECURE\b", re.MULTILINE)
_LONGEST = 2_000_000  # characters of a file; scripts are shorter
_MOST = 1_000  # characters of a line that are looked at
_BUILT = "-DINSECURE builds programs that run without a secure preprocessing"


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    suffix = "" if candidate.name.lower().startswith("dockerfile") else candidate.suffix
    programs = b"-party.x" in data or b"Fake-Offline.x" in data or b"Player-Online.x" in data
    scripts = b"Scripts/" in data and (b"MP-SPDZ" in data or b"mp-spdz" in data or b"compile.py" in data)
    built = b"-DINSECURE" in data and (b"CONFIG.mine" in data or candidate.name.startswith("CONFIG"))
    mine = suffix in _SUFFIXES and not candidate.is_binary and (programs or scripts or built)
    return Interest.READ if mine else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return one_by_one(inputs, _read)


def _read(item: Input) -> Facts:
    if len(item.text) > _LONGEST:
        raise UnreadableInput(f"more than {_LONGEST:,} characters", reason="too_large")
    insecure = _insecure(item)
    is_makefile = _MAKEFILE.search(item.path) is not None
    found: dict[tuple[tuple[str, Any], ...], Facts] = {}
    for number, line in enumerate(item.text.split("\n"), 1):
        text = line[:_MOST]
        lists = is_makefile and not text.startswith("\t")  # targets, and what they are made of
        if not lists and not _COMMENT.match(text) and not _BUILDS.search(text):
            for match in (*_PROGRAM.finditer(text), *_SCRIPT.finditer(text)):
                values = _stated(match, text)
                if values and tuple(values.items()) not in found:
                    place = _place(item, number, match.start(), line)
                    found[tuple(values.items())] = _facts(item, values, place, insecure)
    if not found and insecure:
        return claimed(Mpc(framework=_FRAMEWORK), _FRAMEWORK, item.path, insecure.location, dangers=[insecure])
    return together(found.values())


def _stated(match: re.Match[str], line: str) -> dict[str, Any] | None:
    """The fields of one run; None for a script that runs no protocol."""
    name = next(group for group in match.groups() if group)
    if match.re is _SCRIPT and protocols.computation(_FRAMEWORK, name) is None:
        return None
    if name == "rep4-ring" and "--semi-honest" in line:
        name = "rep4-ring semi-honest"
    values: dict[str, Any] = {"framework": _FRAMEWORK, "protocol": name}
    for field, pattern in _OPTIONS.items():
        given = pattern.search(line)
        if given:
            values[field] = int(next(group for group in given.groups() if group))
    row = protocols.computation(_FRAMEWORK, name)
    if "parties" not in values and row is not None and row.parties[0] == row.parties[-1] and len(row.parties) == 2:
        values["parties"] = row.parties[0]
    return values


def _facts(item: Input, values: dict[str, Any], place: Location, insecure: Danger | None) -> Facts:
    try:
        statement = Mpc.model_validate(values, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        detail = f"{first['loc'][0]}: {first['msg'].lower()}"
        raise UnreadableInput(detail, reason="invalid_value", line=place.line) from error
    dangers = [insecure] if insecure else []
    row = protocols.computation(_FRAMEWORK, statement.protocol or "")
    if row is not None and row.adversary == "none":
        dangers.append(Danger(hazard=Hazard.MOCK_CRYPTO, location=place, detail=f"{statement.protocol}: {row.why}"))
    return claimed(statement, _FRAMEWORK, item.path, place, dangers=dangers)


def _insecure(item: Input) -> Danger | None:
    found = _INSECURE.search(item.text)
    if found is None:
        return None
    number = item.text.count("\n", 0, found.start()) + 1
    place = _place(item, number, 0, found[0])
    return Danger(hazard=Hazard.MOCK_CRYPTO, location=place, detail=_BUILT)


def _place(item: Input, line: int, column: int, text: str) -> Location:
    return Location(path=item.path, line=line, column=column + 1, evidence=secrets.mask_near(text, column))


PARSER = Parser.of_configs("mp_spdz", _interest, _parse)

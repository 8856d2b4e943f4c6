"""C++ programs that draw noise with MPC-DualDP (PrivacyGo): calls of `binomial_sampling` and the numbers given there.

A number is read where it is written in the call, or where the one constant of that name in the file is. How many coins
are tossed follows from them by the formula of the library.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from petguard.claims import MpcDualDp
from petguard.collect import Candidate, Input, Interest
from petguard.model import Asset, Claim, Facts, Gap, Location, Node, NodeKind, Origin, State
from petguard.parsers import Parser
from petguard.parsers._source import excerpt

_SUFFIXES = frozenset({".cpp", ".cc", ".cxx", ".hpp", ".h"})
_CALL = re.compile(r"(?:\.|->)binomial_sampling\(([^;{}()]{1,300})\)\s*;")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_CONSTANT = re.compile(r"\b(?:double|float|auto|constexpr|const)\s+(\w{1,60})\s*=\s*([-+.\deE]{1,30})[fF]?\s*;")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[fF]?")
_ORDER = ("epsilon", "delta", "sensitivity")  # behind the number of draws


def _interest(candidate: Candidate) -> Interest:
    named = b"binomial_sampling" in candidate.data and b"dualdp" in candidate.data.lower()
    return Interest.READ if candidate.suffix in _SUFFIXES and named else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        text = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), item.text)
        constants = _constants(text)
        for call in _CALL.finditer(text):
            yield _read(item, text, call, constants)


def _constants(text: str) -> Mapping[str, str]:
    """The numbers that a name stands for; a name with two is none."""
    found: dict[str, set[str]] = {}
    for name, value in _CONSTANT.findall(text):
        found.setdefault(name, set()).add(value)
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def _read(item: Input, text: str, call: re.Match[str], constants: Mapping[str, str]) -> Facts | Gap:
    line = text.count("\n", 0, call.start()) + 1
    given = [each.strip() for each in call[1].split(",")]
    if len(given) != 5:
        detail = f"binomial_sampling has {len(given)} arguments, and 5 are known"
        return Gap(path=item.path, state=State.PARTIAL, reason="invalid_value", detail=detail, line=line)
    written = dict(zip(_ORDER, given[1:4], strict=True))
    numbers = {name: constants.get(each, each) for name, each in written.items()}
    known = {name: float(each.rstrip("fF")) for name, each in numbers.items() if _NUMBER.fullmatch(each)}
    unresolved = {name: f"{written[name][:60]} is not a constant" for name in _ORDER if name not in known}
    raw = item.text.splitlines()[line - 1]
    location = Location(path=item.path, line=line, evidence=excerpt(raw, 1, set()))
    try:
        statement = MpcDualDp.model_validate({**known, "calibration": "privacy_go"})
    except ValueError as error:
        return Gap(path=item.path, state=State.PARTIAL, reason="invalid_value", detail=_said(error), line=line)
    return _facts(Claim(
        id=f"mpc_dual_dp:{item.path}:{line}", statement=statement, location=location, subject=item.path,
        unresolved=unresolved,
    ))  # fmt: skip


def _said(error: ValueError) -> str:
    return str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)


def _facts(claim: Claim) -> Facts:
    node = Node(
        id=f"pet:{claim.id}", kind=NodeKind.PROTECTION, asset=Asset.PET, name="MPC-DualDP", technique="mpc_dual_dp",
        claim=claim.id, origin=Origin.DETECTED, locations=(claim.location,),
    )  # fmt: skip
    return Facts(nodes=(node,), claims=(claim,))


PARSER = Parser.of_configs("mpc_dualdp", _interest, _parse, claims=True)

"""Run configurations of DPCA-PSI and PPAM (PrivacyGo): a private set intersection that claims differential privacy.

The claim is bound by the schema (`dp_params` beside `paillier_params` or `ecc_params`), never by a field's name:
other PSI tools have an `epsilon` that sizes a cuckoo hash table.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from petguard.claims import DpPsi
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json
from petguard.errors import UnreadableInput
from petguard.hazards import Hazard
from petguard.model import Asset, Claim, Danger, Facts, Gap, Node, NodeKind, Origin
from petguard.parsers import Parser
from petguard.parsers._source import Source, each

_FIELDS: dict[str, tuple[str, str]] = {
    "epsilon": ("dp_params", "epsilon"),
    "maximum_queries": ("dp_params", "maximum_queries"),
    "precomputed_tau": ("dp_params", "precomputed_tau"),
    "use_precomputed_tau": ("dp_params", "use_precomputed_tau"),
    "input_dp": ("dp_params", "input_dp"),
    "ids_num": ("common", "ids_num"),
    "has_header": ("common", "has_header"),
}

_LONGEST_NAME = 500
_PARTIES = (("sender", "receiver"), ("receiver", "sender"))
_SWITCHES = {
    "input_dp": "input_dp is false, so no dummy keys are added",
    "use_precomputed_tau": "use_precomputed_tau is false, so the code takes a tau of 0 and adds no dummy keys",
}


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    crypto = b'"paillier_params"' in data or b'"ecc_params"' in data
    return Interest.READ if candidate.suffix == ".json" and b'"dp_params"' in data and crypto else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    read = list(each(inputs, lambda text: [read_json(text)], _read))
    sides = {claim.subject: claim for part in read if isinstance(part, Facts) for claim in part.claims}
    for part in read:
        if isinstance(part, Gap):
            yield part
        else:
            yield part.model_copy(update={"claims": tuple(_compared(claim, sides) for claim in part.claims)})


def _compared(claim: Claim, sides: Mapping[str, Claim]) -> Claim:
    """The claim of one party with what the other, whose file is named after it, says otherwise."""
    folder, _, name = claim.subject.rpartition("/")
    turned = next((name.replace(one, two) for one, two in _PARTIES if one in name), name)
    other = sides.get(f"{folder}/{turned}" if folder else turned)
    if other is None or other is claim:
        return claim
    place = f"{other.location.path}:{other.location.line}"
    pairs = {field: (getattr(claim.statement, field), getattr(other.statement, field)) for field in _FIELDS}
    conflicts = {
        field: {"found": ours, "stated": theirs, "stated_in": place}
        for field, (ours, theirs) in pairs.items()
        if None not in (ours, theirs) and ours != theirs
    }
    return claim.model_copy(update={"conflicts": {**claim.conflicts, **conflicts}})


def _read(source: Source) -> Facts:
    config = source.mapping(source.document.value)
    if "dp_params" not in config or not {"paillier_params", "ecc_params"} & set(config):
        return Facts()
    key = f"dp_psi:{source.path}"
    location = source.at("dp_params", "epsilon")
    claim = Claim(
        id=key,
        statement=_statement(source, config),
        location=location,
        subject=source.path,
        dangers=tuple(_dangers(source, config["dp_params"])),
    )
    node = Node(
        id=f"pet:{key}",
        kind=NodeKind.PROTECTION,
        asset=Asset.PET,
        name="DPCA-PSI",
        technique="dp_psi",
        claim=key,
        origin=Origin.DECLARED,
        locations=(location,),
    )
    return Facts(nodes=(node,), claims=(claim,))


def _dangers(source: Source, stated: Mapping[str, Any]) -> Iterator[Danger]:
    for key, detail in _SWITCHES.items():
        if stated.get(key) is False:
            yield Danger(hazard=Hazard.DP_SWITCHED_OFF, location=source.at("dp_params", key), detail=detail)


def _statement(source: Source, config: dict[str, Any]) -> DpPsi:
    values = {name: _section(source, config, section).get(key) for name, (section, key) in _FIELDS.items()}
    try:
        rows = {"input_file": _input_file(source, config)}
        return DpPsi.model_validate({**values, **rows, "config": source.path}, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        pointer = _FIELDS[str(first["loc"][0])]
        raise _invalid(source, pointer, str(first["msg"])) from error


def _input_file(source: Source, config: dict[str, Any]) -> str | None:
    """The file of keys, taken relative to the configuration; None where that is outside of what is scanned."""
    named = _section(source, config, "common").get("input_file")
    if not isinstance(named, str) or not 0 < len(named) <= _LONGEST_NAME:
        return None
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(source.path), named))
    return None if joined.startswith(("/", "..")) else joined


def _section(source: Source, config: dict[str, Any], name: str) -> dict[str, Any]:
    section = config.get(name, {})
    if not isinstance(section, dict):
        raise _invalid(source, (name,), "Input should be a mapping")
    return section


def _invalid(source: Source, pointer: tuple[Step, ...], text: str) -> UnreadableInput:
    named = ".".join(str(step) for step in pointer)
    detail = f"{named}: {text[:1].lower()}{text[1:]}"
    return UnreadableInput(detail, reason="invalid_value", line=source.document.line(*pointer))


PARSER = Parser.of_configs("dpca_psi", _interest, _parse, claims=True)

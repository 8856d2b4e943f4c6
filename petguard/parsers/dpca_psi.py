"""Run configurations of DPCA-PSI and PPAM (PrivacyGo): a private set intersection that claims differential privacy.

The claim is bound by the schema (`dp_params` beside `paillier_params` or `ecc_params`), never by a field's name:
other PSI tools have an `epsilon` that sizes a cuckoo hash table.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from petguard.claims import DpPsi
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json
from petguard.errors import UnreadableInput
from petguard.model import Asset, Claim, Facts, Gap, Node, NodeKind, Origin
from petguard.parsers import Parser
from petguard.parsers._source import Source, each

_FIELDS: dict[str, tuple[str, str]] = {
    "epsilon": ("dp_params", "epsilon"),
    "maximum_queries": ("dp_params", "maximum_queries"),
    "precomputed_tau": ("dp_params", "precomputed_tau"),
    "use_precomputed_tau": ("dp_params", "use_precomputed_tau"),
    "input_dp": ("dp_params", "input_dp"),
    "ids_num": ("common", "ids_num"),
}


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    crypto = b'"paillier_params"' in data or b'"ecc_params"' in data
    return Interest.READ if candidate.suffix == ".json" and b'"dp_params"' in data and crypto else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_json(text)], _read)


def _read(source: Source) -> Facts:
    config = source.mapping(source.document.value)
    if "dp_params" not in config or not {"paillier_params", "ecc_params"} & set(config):
        return Facts()
    key = f"dp_psi:{source.path}"
    location = source.at("dp_params", "epsilon")
    claim = Claim(id=key, statement=_statement(source, config), location=location, subject=source.path)
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


def _statement(source: Source, config: dict[str, Any]) -> DpPsi:
    values = {name: _section(source, config, section).get(key) for name, (section, key) in _FIELDS.items()}
    try:
        return DpPsi.model_validate({**values, "config": source.path}, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        pointer = _FIELDS[str(first["loc"][0])]
        raise _invalid(source, pointer, str(first["msg"])) from error


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

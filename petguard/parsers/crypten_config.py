"""Configurations of CrypTen: the provider of multiplication triples decides whether the computation is secure."""

from collections.abc import Iterator, Sequence

from petguard.claims import Mpc
from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_yaml
from petguard.hazards import Hazard
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._crypto_claims import danger, protected
from petguard.parsers._source import Source, each

_FIRST_PARTY = "the provider TFP lets the first party make all multiplication triples, so it can compute every secret"


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    mine = b"mpc:" in data and b"provider:" in data and (b"active_security:" in data or b"protocol:" in data)
    return Interest.READ if candidate.suffix in (".yaml", ".yml") and mine else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_yaml(text)], _read)


def _read(source: Source) -> Facts:
    config = source.document.value
    section = config.get("mpc") if isinstance(config, dict) else None
    if not isinstance(section, dict) or not {"active_security", "protocol"} & section.keys():
        return Facts()
    provider = source.string(section.get("provider"), "mpc", "provider")
    if provider is None:
        return Facts()
    place = ("mpc", "provider")
    dangers = [danger(source, Hazard.MOCK_CRYPTO, _FIRST_PARTY, *place)] if provider == "TFP" else []
    statement = Mpc(framework="CrypTen", protocol=provider[:1000])
    return protected(source, statement, "CrypTen", *place, dangers=dangers)


PARSER = Parser.of_configs("crypten_config", _interest, _parse, claims=True)

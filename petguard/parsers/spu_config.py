"""Runtime configurations of SPU (SecretFlow) in JSON: protocol, ring, where triples come from, and what is traced."""

from collections.abc import Iterator, Sequence
from typing import Any

from petguard.claims import Mpc
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json
from petguard.hazards import Hazard
from petguard.model import Danger, Facts, Gap
from petguard.parsers import Parser, _spu
from petguard.parsers._crypto_claims import danger, protected
from petguard.parsers._source import Source, each, together

_MOST = 20_000  # values of one document that are looked at
_NODES = ("node_ids", "parties", "nodes")


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    mine = b'"protocol"' in data and b'"FM' in data and any(f'"{each}"'.encode() in data for each in _spu.PROTOCOLS)
    return Interest.READ if candidate.suffix == ".json" and mine else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_json(text)], _read)


def _read(source: Source) -> Facts:
    found = _configs(source.document.value)
    return together(_claim(source, config, around, pointer) for config, around, pointer in found)


def _configs(value: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any], tuple[Step, ...]]]:
    """Every runtime configuration below a value, with the mapping around it; without recursion, in the file's order."""
    pending: list[tuple[Any, dict[str, Any], tuple[Step, ...]]] = [(value, {}, ())]
    for _ in range(_MOST):
        if not pending:
            return
        here, around, pointer = pending.pop()
        if isinstance(here, dict):
            if here.get("protocol") in _spu.PROTOCOLS and str(here.get("field", "FM")).startswith("FM"):
                yield here, around, pointer
            pending += [(inner, here, (*pointer, key)) for key, inner in reversed(here.items())]
        elif isinstance(here, list):
            pending += [(inner, around, (*pointer, index)) for index, inner in reversed(list(enumerate(here)))]


def _claim(source: Source, config: dict[str, Any], around: dict[str, Any], pointer: tuple[Step, ...]) -> Facts:
    stated = _spu.stated(config["protocol"], config.get("beaver_type"), config.get("field"))
    nodes = next((around[name] for name in _NODES if isinstance(around.get(name), list | dict)), ())
    statement = Mpc.model_validate({**stated, **({"parties": len(nodes)} if nodes else {})}, strict=True)
    dangers = [*_mock(source, stated["protocol"], pointer), *_traces(source, config, pointer)]
    return protected(source, statement, "SPU", *pointer, "protocol", dangers=dangers)


def _mock(source: Source, protocol: str, pointer: tuple[Step, ...]) -> Iterator[Danger]:
    if protocol in _spu.MOCKS:
        yield danger(source, Hazard.MOCK_CRYPTO, _spu.MOCKS[protocol], *pointer, "protocol")


def _traces(source: Source, config: dict[str, Any], pointer: tuple[Step, ...]) -> Iterator[Danger]:
    for name in _spu.TRACES:
        if config.get(name) is True or (name == "snapshot_dump_dir" and config.get(name)):
            yield danger(source, Hazard.SECRETS_TRACED, f"{name} is for debugging only", *pointer, name)


PARSER = Parser.of_configs("spu_config", _interest, _parse, claims=True)

"""Compose files: services whose image or command runs AI, their keys, and the models that a file asks for."""

import re
from collections.abc import Iterator, Sequence

from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_yaml_all
from petguard.model import Facts, Gap, Node
from petguard.parsers import Parser, _containers, _described, _positions
from petguard.parsers._source import Source, each, together

_NAMED = re.compile(
    r"(?i)(?:docker-|podman-)?compose(?:[._-][\w.-]*)?\.ya?ml|(?:docker-)?stack\.ya?ml|[\w.-]*compose\.ya?ml"
)


def _interest(candidate: Candidate) -> Interest:
    if candidate.suffix not in (".yaml", ".yml") or b"services:" not in candidate.data:
        return Interest.NONE
    services = _NAMED.fullmatch(candidate.name) or re.search(rb"(?m)^services:\s*$", candidate.data)
    if not services or b"apiVersion:" in candidate.data:
        return Interest.NONE
    asks = candidate.told or b"\nmodels:" in candidate.data or b"type: model" in candidate.data
    return Interest.READ if asks else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, read_yaml_all, _read)


def _read(source: Source) -> Facts:
    top = source.mapping(source.document.value)
    found = []
    for name, service in source.mapping(top.get("services"), "services").items():
        pointer = ("services", name)
        container = _described.container(
            source,
            pointer,
            source.mapping(service, *pointer),
            key=f"{source.path}#{name}",
            name=name,
        )
        found.append(_containers.read(container, source.gaps))
    return together([*found, Facts(nodes=tuple(_models(source, top)))])


def _models(source: Source, top: dict[str, object]) -> Iterator[Node]:
    """Models that the engine itself runs: the section `models`, and services with a provider of that type."""
    for name, entry in source.mapping(top.get("models"), "models").items():
        pointer = ("models", name)
        yield from _model(source, source.mapping(entry, *pointer).get("model"), *pointer, "model")
    for name, service in source.mapping(top.get("services"), "services").items():
        provider = service.get("provider") if isinstance(service, dict) else None
        if isinstance(provider, dict) and provider.get("type") == "model" and isinstance(provider.get("options"), dict):
            yield from _model(
                source, provider["options"].get("model"), "services", name, "provider", "options", "model"
            )


def _model(source: Source, value: object, *pointer: str) -> Iterator[Node]:
    named = _positions.named("llm model", _described.filled(value), ("llm",)) if isinstance(value, str) else None
    if named is not None:
        yield named.node(source.at(*pointer))


PARSER = Parser.of_configs("compose", _interest, _parse)

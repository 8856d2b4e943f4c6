"""Agents that CrewAI projects declare in YAML, beside the code that gives them tools."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_yaml
from petguard.model import Asset, Edge, EdgeKind, Facts, Gap, Origin
from petguard.parsers import Parser, _assets
from petguard.parsers._positions import named
from petguard.parsers._services import routed
from petguard.parsers._source import Source, each, together

_KEYS = ("role", "goal", "backstory")
_KEY = tuple(re.compile(rf"(?m)^[ \t]+{key}[ \t]*:".encode()) for key in _KEYS)


def _interest(candidate: Candidate) -> Interest:
    is_list = candidate.suffix in (".yaml", ".yml") and all(key.search(candidate.data) for key in _KEY)
    return Interest.READ if is_list else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_yaml(text)], _read)


def _read(source: Source) -> Facts:
    top = source.document.value
    entries = top.items() if isinstance(top, dict) else ()
    return together(_agent(source, name, entry) for name, entry in entries if _is_agent(entry))


def _is_agent(entry: Any) -> bool:
    return isinstance(entry, dict) and all(key in entry for key in _KEYS)


def _agent(source: Source, name: str, entry: dict[str, Any]) -> Facts:
    node = _assets.declared(Asset.AGENT, f"{source.path}#{name}", name, source.at(name))
    model = entry.get("llm")
    details = {"framework": "CrewAI"}
    found = named("llm", model) if isinstance(model, str) else None
    agent = node.model_copy(update={"details": details, "model": found.name if found else None})
    if found is None or not isinstance(model, str):
        return Facts(nodes=(agent,))
    place = source.at(name, "llm")
    used = [found.node(place)]
    service = routed(model)
    if service.provider:
        used.append(service.node(place, Origin.DECLARED))
    edges = (
        Edge(kind=EdgeKind.USES, source=agent.id, target=each.id, origin=Origin.DECLARED, location=place)
        for each in used
    )
    return Facts(nodes=(agent, *used), edges=tuple(edges))


PARSER = Parser.of_configs("crewai", _interest, _parse)

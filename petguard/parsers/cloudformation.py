"""CloudFormation and SAM templates, in YAML and JSON: AI resources, who may call AI, and what functions are given."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from petguard import catalog
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, read_json, read_yaml
from petguard.model import Edge, EdgeKind, Facts, Gap, Origin
from petguard.parsers import Parser, _assets, _containers, _described, _infrastructure, one_by_one
from petguard.parsers._names import HOLE
from petguard.parsers._source import Source, together

_TYPE = re.compile(rb"[\"']?Type[\"']?\s*:\s*[\"']?AWS::")
_SERVERLESS = re.compile(rb"(?m)^(?:provider|functions):")
_SERVERLESS_NAME = re.compile(r"serverless[\w.-]*\.ya?ml")
_REFERENCE = re.compile(r"\$\{(?P<name>[\w.:]+)\}")
_CHOOSES = frozenset({"Fn::If", "Fn::Select"})  # what they choose from is written out


def _interest(candidate: Candidate) -> Interest:
    if candidate.suffix not in (".yaml", ".yml", ".json", ".template"):
        return Interest.NONE
    is_template = (
        b"AWSTemplateFormatVersion" in candidate.data
        or (b"Resources" in candidate.data and _TYPE.search(candidate.data) is not None)
        or (
            re.fullmatch(r"serverless[\w.-]*\.ya?ml", candidate.name) and _SERVERLESS.search(candidate.data) is not None
        )
    )
    if not is_template:
        return Interest.NONE
    return Interest.READ if candidate.told else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        gaps: list[Gap] = []

        def whole(item: Input, gaps: list[Gap] = gaps) -> Facts:
            return _read(Source(item.path, item.text, _document(item), gaps))

        yield from one_by_one([item], whole)
        yield from dict.fromkeys(gaps)


def _document(item: Input) -> Document:
    """Templates are JSON or YAML, whatever their name says."""
    return read_json(item.text) if item.text.lstrip().startswith("{") else read_yaml(item.text)


def _read(source: Source) -> Facts:
    top = source.mapping(source.document.value)
    known = _parameters(top)
    resources = source.mapping(top.get("Resources"), "Resources")
    parts = [_resource(source, name, entry, known, resources.keys()) for name, entry in resources.items()]
    return together([*parts, *_serverless(source, top)])


def _parameters(top: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters by their name, each with its default or, without one, a hole."""
    parameters = top.get("Parameters")
    found = parameters.items() if isinstance(parameters, dict) else ()
    return {name: _infrastructure.bounded(body.get("Default", HOLE)) for name, body in found if isinstance(body, dict)}


def _resource(source: Source, name: str, entry: Any, known: Mapping[str, Any], resources: Any) -> Facts:
    pointer = ("Resources", name)
    body = source.mapping(entry, *pointer)
    type_ = body.get("Type")
    inside = (*pointer, "Properties")
    properties = _filled(body.get("Properties"), known, frozenset(resources))
    if not isinstance(type_, str) or not isinstance(properties, dict | None):
        return Facts()
    address = f"{type_}.{name}"
    row = catalog.resource("cloudformation", type_)
    parts = [_managed(source, row, address, properties or {}, inside)] if row else []
    beside = [
        *_infrastructure.rights(source, properties, inside),
        *_infrastructure.environments(source, properties, inside),
    ]
    images = [
        _containers.read(
            _described.container(source, place, value, key=f"{source.path}#{name}", name=address), source.gaps
        )
        for place, value in _described.containers(properties, inside)
    ]
    return together([*parts, Facts(nodes=tuple(beside)), *images])


def _managed(
    source: Source, row: catalog.Resource, address: str, properties: dict[str, Any], pointer: tuple[str, ...]
) -> Facts:
    models = list(_infrastructure.models(source, properties, pointer, ("llm",)))
    node = _assets.managed(f"{source.path}#{address}", row, address, source.at(*pointer[:-1]))
    edges = tuple(
        Edge(kind=EdgeKind.USES, source=node.id, target=each.id, origin=Origin.DECLARED, location=each.locations[0])
        for each in models
    )
    own = Facts(nodes=(node, *models), edges=edges)
    return together([own, _infrastructure.handed(source, properties, pointer, node)])


def _serverless(source: Source, top: dict[str, Any]) -> Iterator[Facts]:
    """The provider and the functions of a Serverless Framework file."""
    for section in ("provider", "functions"):
        if section in top and "service" in top:
            held = _filled(top[section], {}, frozenset())
            nodes = [
                *_infrastructure.rights(source, held, (section,)),
                *_infrastructure.environments(source, held, (section,)),
            ]
            yield Facts(nodes=tuple(nodes))


def _filled(value: Any, known: Mapping[str, Any], resources: frozenset[str]) -> Any:
    """The value with its references followed: what a parameter gives by default, and holes for all else."""
    if isinstance(value, list):
        return [_filled(inner, known, resources) for inner in value]
    if isinstance(value, str):
        return _text(value, known, resources)
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (called := _called(*next(iter(value.items())), known, resources)) is not None:
        return called
    return {key: _filled(inner, known, resources) for key, inner in value.items()}


def _called(name: str, inner: Any, known: Mapping[str, Any], resources: frozenset[str]) -> Any:
    """What a function gives, as far as it can be known; None for a mapping that is none."""
    if name == "Ref":
        return known.get(str(inner), HOLE)
    if name == "Fn::Sub":
        return _text(str(inner[0] if isinstance(inner, list) and inner else inner), known, resources)
    if name == "Fn::Join" and isinstance(inner, list) and len(inner) == 2 and isinstance(inner[1], list):
        parts = (_filled(part, known, resources) for part in inner[1])
        return str(inner[0]).join(part if isinstance(part, str) else HOLE for part in parts)
    return HOLE if name.startswith("Fn::") and name not in _CHOOSES else None


def _text(text: str, known: Mapping[str, Any], resources: frozenset[str]) -> Any:
    """A text; `!Ref Name` has lost its tag and is the bare name of a parameter or a resource."""
    if text in known:
        return known[text]
    if text in resources or text.partition(".")[0] in resources:
        return HOLE
    return _REFERENCE.sub(lambda found: _infrastructure.piece(known.get(found["name"])), text)


PARSER = Parser.of_configs("cloudformation", _interest, _parse)

"""MLflow models: the columns that a model takes, as the signature in its `MLmodel` file lists them.

A signature names what a model is called with, which is what it was trained on; a model without one says nothing.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from petguard import secrets
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json, read_yaml
from petguard.errors import UnreadableInput
from petguard.model import Asset, Detail, Edge, EdgeKind, Facts, Gap, Node, NodeKind, Origin
from petguard.parsers import Parser, _assets, _said
from petguard.parsers._declared import column
from petguard.parsers._model_file import shown
from petguard.parsers._source import Source, each

Pointer = tuple[Step, ...]

_KEYS = re.compile(rb"(?m)^(?:flavors|signature|model_uuid|mlflow_version)[ \t]*:")
_DEEPEST = 5
_MOST_COLUMNS = 20_000
_SOURCES = ("source_model_name", "model_name", "source_model")  # of flavors that wrap a model with a name


def _interest(candidate: Candidate) -> Interest:
    is_model = candidate.name == "MLmodel" and _KEYS.search(candidate.data)
    return Interest.READ if is_model else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_yaml(text)], _read)


def _read(source: Source) -> Facts:
    top = source.mapping(source.document.value)
    home = source.path.rpartition("/")[0] or "."
    flavors = source.mapping(top.get("flavors"), "flavors")
    model = _model(source, home, top, flavors)
    named = [
        _assets.model(secrets.mask_in(name), source.at(*place), origin=Origin.DECLARED)
        for name, place in _wrapped(source, flavors)
    ]
    table = "model" if home == "." else home
    columns = [column("mlflow", table, name, source.at(*place)) for name, place in _columns(source, top)]
    personal = [node for node in columns if _said.matters(node)]
    edges = [_edge(EdgeKind.TRAINED_ON, model, node) for node in personal]
    edges += [_edge(EdgeKind.DERIVED_FROM, model, node) for node in named]
    return Facts(nodes=(model, *named, *personal), edges=tuple(edges))


def _model(source: Source, home: str, top: dict[str, Any], flavors: dict[str, Any]) -> Node:
    details: dict[str, Detail] = {"format": "MLflow", "flavors": tuple(sorted(shown(name) for name in flavors))}
    for key in ("mlflow_version", "run_id", "model_uuid", "artifact_path"):
        value = top.get(key)
        if isinstance(value, str):
            details[key] = shown(value)
    return Node(
        id=f"{Asset.MODEL_FILE}:{source.path}",
        kind=NodeKind.ARTIFACT,
        asset=Asset.MODEL_FILE,
        name=f"{home}/MLmodel" if home != "." else "MLmodel",
        origin=Origin.DECLARED,
        locations=(source.at(),),
        details=details,
    )


def _wrapped(source: Source, flavors: dict[str, Any]) -> Iterator[tuple[str, Pointer]]:
    """The names of models elsewhere that a flavor is a wrapper of: a model of a hub, one of a provider."""
    for flavor, value in flavors.items():
        entry = source.mapping(value, "flavors", flavor)
        name = next((entry[key] for key in _SOURCES if isinstance(entry.get(key), str)), None)
        if name and "/" not in name[:1]:
            yield name, ("flavors", flavor)


def _columns(source: Source, top: dict[str, Any]) -> Iterator[tuple[str, Pointer]]:
    """The names of the inputs and parameters; the signature keeps each as a JSON text of its own."""
    signature = source.mapping(top.get("signature"), "signature")
    for part in ("inputs", "params"):
        place = ("signature", part)
        text = source.string(signature.get(part), *place)
        if text is None:
            continue
        try:
            found = read_json(text).value
        except UnreadableInput as error:
            source.doubt(f"signature.{part}: {error.detail}", *place, reason=error.reason)
            continue
        names = list(dict.fromkeys(_names(found, ())))
        if len(names) > _MOST_COLUMNS:
            source.doubt(f"{len(names):,} columns are more than {_MOST_COLUMNS:,}", *place, reason="too_many")
        yield from ((".".join(name), place) for name in names[:_MOST_COLUMNS])


def _names(value: Any, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The columns of a list of specs, with the properties of objects and of what arrays hold."""
    for spec in value if isinstance(value, list) else [value]:
        if not isinstance(spec, dict) or len(above) > _DEEPEST:
            continue
        name = spec.get("name")
        here = (*above, name) if isinstance(name, str) and name.strip() else above
        if here != above:
            yield here
        if isinstance(spec.get("values"), dict):  # of a map, whose keys nobody lists
            yield from _names([spec["values"]], here)
        inner = spec.get("properties")
        if isinstance(inner, dict):
            yield from _names([{"name": key, **_mapping(part)} for key, part in inner.items()], here)
        yield from _names([spec["items"]] if isinstance(spec.get("items"), dict) else [], here)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _edge(kind: EdgeKind, model: Node, node: Node) -> Edge:
    return Edge(kind=kind, source=model.id, target=node.id, origin=Origin.DECLARED, location=node.locations[0])


PARSER = Parser.of_configs("mlflow", _interest, _parse)

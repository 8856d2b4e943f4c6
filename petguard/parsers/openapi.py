"""OpenAPI, Swagger and JSON Schema files whose properties say what they hold, by extensions such as `x-pii`.

There is no standard for these. A property without one is not listed: that nothing is said of it means nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from petguard import secrets
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, Step, read_json, read_yaml_all
from petguard.model import Detail, Edge, EdgeKind, Facts, Gap, Node, NodeKind, Origin, Trait
from petguard.parsers import Parser
from petguard.parsers._classification import Meaning, meaning, together
from petguard.parsers._declared import column
from petguard.parsers._names import host
from petguard.parsers._source import Source, each

Pointer = tuple[Step, ...]

_HOME = "openapi"
_WORDS = ("pii", "personal", "classif", "sensit", "gdpr")
_EXTENSION = re.compile(rf"x-[\w-]{{0,60}}(?P<word>{'|'.join(_WORDS)})[\w-]{{0,60}}")
_WRITTEN = re.compile(rf"[\"'\s{{,]{_EXTENSION.pattern}[\"']?\s*:".encode())
# What is done with the data, how long and by whom, is not what it is.
_BESIDE = re.compile(r"-(?:action|handling|retention|reason|note|owner|purge|mask\w*|days|rules?|fields|scheme)\b")
_HOLDERS = ("properties", "columns", "patternProperties")
_COMPANY = (b"properties", b"columns", b"parameters")
_NAMELESS = frozenset(
    [
        *(
            "properties",
            "patternProperties",
            "columns",
            "items",
            "schema",
            "content",
            "schemas",
            "definitions",
            "$defs",
        ),
        *(
            "components",
            "allOf",
            "anyOf",
            "oneOf",
            "responses",
            "requestBody",
            "additionalProperties",
            "paths",
            "tables",
        ),
    ]
)


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    if candidate.suffix not in (".json", ".yaml", ".yml") or b"x-" not in data:
        return Interest.NONE
    cheap = any(word.encode() in data for word in _WORDS) and any(word in data for word in _COMPANY)
    return Interest.READ if cheap and _WRITTEN.search(data) else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        yield from each([item], _opener(item.path), _read)


def _opener(path: str) -> Callable[[str], Iterable[Document]]:
    return (lambda text: [read_json(text)]) if path.lower().endswith(".json") else read_yaml_all


def _read(source: Source) -> Facts:
    found = list(_said(source, source.document.value, ()))
    if not found:
        return Facts()
    api = _api(source)
    edges = (
        Edge(
            kind=EdgeKind.DECLARES,
            source=api.id,
            target=node.id,
            origin=Origin.DECLARED,
            location=node.locations[0],
        )
        for node in found
    )
    return Facts(nodes=(api, *found), edges=tuple(edges))


def _said(source: Source, value: Any, pointer: Pointer) -> Iterator[Node]:
    """Every property and parameter below that has an extension of this kind."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _said(source, inner, (*pointer, index))
        return
    if not isinstance(value, dict):
        return
    extensions = {key: inner for key, inner in value.items() if _is_extension(key)}
    if extensions and pointer:
        yield _node(source, value, extensions, pointer)
    for key, inner in value.items():
        if key not in extensions:
            yield from _said(source, inner, (*pointer, key))


def _is_extension(key: str) -> bool:
    return _EXTENSION.fullmatch(key) is not None and not _BESIDE.search(key)


def _node(source: Source, value: dict[str, Any], extensions: dict[str, Any], pointer: Pointer) -> Node:
    table, name = _names(source, value, pointer)
    meant = together(*(_meaning(key, given) for key, given in extensions.items()))
    node = column(_HOME, table, name, source.at(*pointer), said=meant.said, categories=meant.specific)
    details: dict[str, Detail] = {key: secrets.mask_in(str(given)[:200]) for key, given in sorted(extensions.items())}
    return node.model_copy(update={"details": {**node.details, **details}})


def _names(source: Source, value: dict[str, Any], pointer: Pointer) -> tuple[str, str]:
    """The table and the column: the schema's name and the property's; a parameter belongs to its path."""
    holder = pointer[-2] if len(pointer) > 1 else None
    if holder == "parameters" and isinstance(value.get("name"), str):
        return _table(source, pointer[:-2]), value["name"]
    if holder in _HOLDERS:
        return _table(source, pointer[:-2]), str(pointer[-1])
    return _table(source, pointer), "*"


def _table(source: Source, pointer: Pointer) -> str:
    """A schema of its own is called by its title, else by its file."""
    steps = [step for step in pointer if isinstance(step, str) and step not in _NAMELESS]
    top = source.document.value
    title = top.get("title") if isinstance(top, dict) else None
    named = title if isinstance(title, str) and title.strip() else PurePosixPath(source.path).name.partition(".")[0]
    return ".".join(steps) or named


def _meaning(key: str, given: Any) -> Meaning:
    """What an extension says. `x-sensitive: true` may as well mean a password: the property's name decides."""
    found = _EXTENSION.fullmatch(key)
    about_people = found is not None and found["word"] in ("pii", "personal", "gdpr")
    if isinstance(given, bool) or given is None:
        said = Trait.SAID_PERSONAL if given else Trait.SAID_CLEAN
        return Meaning(said) if about_people and given is not None else Meaning()
    meant = together(*map(meaning, _texts(given)))
    return Meaning(Trait.SAID_PERSONAL) if about_people and meant.said is None else meant


def _texts(given: Any) -> Iterator[str]:
    if isinstance(given, dict | list):
        for inner in given.values() if isinstance(given, dict) else given:
            yield from _texts(inner)
    elif isinstance(given, str):
        yield given


def _api(source: Source) -> Node:
    """The API or schema that the file describes, where it answers, and how one gets in."""
    top = source.document.value if isinstance(source.document.value, dict) else {}
    servers = [entry.get("url") for entry in _list(top.get("servers")) if isinstance(entry, dict)]
    hosts = [found for url in (*servers, top.get("host")) if isinstance(url, str) and (found := host(url))]
    schemes = [name for entry in _list(top.get("security")) if isinstance(entry, dict) for name in entry]
    details: dict[str, Detail] = {
        **({"servers": tuple(hosts)} if hosts else {}),
        **({"security": tuple(dict.fromkeys(schemes))} if schemes else {}),
    }
    return Node(
        id=f"system:{source.path}",
        kind=NodeKind.SYSTEM,
        name=source.path,
        endpoint=hosts[0] if hosts else None,
        origin=Origin.DECLARED,
        locations=(source.at(),),
        details=details,
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


PARSER = Parser.of_configs("openapi", _interest, _parse)

"""Croissant: the fields of a data set, where it comes from, and what its authors say about people in it.

The JSON-LD is read by the local names of its keys (`cr:recordSet`, `recordSet`, `ml:recordSet`); no context is fetched.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from posixpath import join, normpath
from typing import Any

from petguard import taxonomy
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json
from petguard.model import Detail, Facts, Gap, Node
from petguard.parsers import Parser, _assets, _prose, _said
from petguard.parsers._classification import meaning
from petguard.parsers._declared import DATASETS, data_file, derived_from, flow
from petguard.parsers._declared_table import Table
from petguard.parsers._model_file import shown
from petguard.parsers._names import categories_of_path, hub_dataset
from petguard.parsers._said import Said
from petguard.parsers._source import Source, each, together

Pointer = tuple[Step, ...]
Found = tuple[Any, Pointer]

_MARK = re.compile(rb"mlcommons\.org/(?:croissant|schema)\b")
_PATTERN = re.compile(r"[*?\[\]{}]")
_FEW_WORDS = 4  # of a kind of data that is named instead of described
_DEEPEST = 8


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    wanted = candidate.suffix in (".json", ".jsonld") and _MARK.search(data) and b'"@context"' in data
    return Interest.READ if wanted else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_json(text)], _read)


def _get(entry: Mapping[str, Any], name: str, place: Pointer) -> Found:
    """The value under a key, with whatever prefix it is written, and its place."""
    if name in entry:
        return entry[name], (*place, name)
    key = next((key for key in entry if key.rpartition(":")[2] == name), None)
    return (None, place) if key is None else (entry[key], (*place, key))


def _many(value: Any, place: Pointer) -> list[Found]:
    """JSON-LD writes one value where a list has one."""
    if isinstance(value, list):
        return [(item, (*place, index)) for index, item in enumerate(value)]
    return [] if value is None else [(value, place)]


def _mappings(
    source: Source, entry: Mapping[str, Any], name: str, place: Pointer
) -> Iterator[tuple[dict[str, Any], Pointer]]:
    value, at = _get(entry, name, place)
    for item, where in _many(value, at):
        yield source.mapping(item, *where), where


def _text(entry: Mapping[str, Any], name: str) -> str | None:
    """The text under a key, which may be wrapped with its language."""
    value, _ = _get(entry, name, ())
    if isinstance(value, dict):
        value = value.get("@value")
    return value.strip() or None if isinstance(value, str) else None


def _read(source: Source) -> Facts:
    top = source.mapping(source.document.value)
    records = list(_mappings(source, top, "recordSet", ()))
    if not records and _get(top, "distribution", ())[0] is None:
        return Facts()
    name = _name(source, top)
    table = Table(_row(source, top, name))
    for record, place in records:
        subject = _text(record, "name") or str(record.get("@id") or "")
        for path, at in _fields(source, record, "field", place, ()):
            said = Said(categories=taxonomy.classify(name, subject, *path))
            table.hold(_said.column(DATASETS, name, ".".join(path), source.at(*at), said))
    _say(source, table, top)
    return together(
        [table.facts(listed=True), *_origins(source, table.node, top, records), *_files(source, table.node, top)]
    )


def _name(source: Source, top: Mapping[str, Any]) -> str:
    """The name on the hub, by which others call it, else its own."""
    addresses = [top.get("url"), *(_text(item, "contentUrl") for item, _ in _mappings(source, top, "distribution", ()))]
    found = {name for address in addresses if isinstance(address, str) and (name := hub_dataset(address))}
    return found.pop() if len(found) == 1 else shown(_text(top, "name") or source.path)


def _row(source: Source, top: Mapping[str, Any], name: str) -> Node:
    details: dict[str, Detail] = {"declared_in": "croissant"}
    licences = tuple(shown(text) for text, _ in _many(*_get(top, "license", ())) if isinstance(text, str))
    if licences:
        details["license"] = licences[0] if len(licences) == 1 else licences
    usage = tuple(dict.fromkeys(shown(text) for text in _conditions(_get(top, "usageInfo", ())[0], 0)))
    if usage:
        details["usage"] = usage
    update = {"details": details, "categories": categories_of_path(name)}
    return _assets.dataset(name, source.at()).model_copy(update=update)


def _conditions(value: Any, depth: int) -> Iterator[str]:
    """The terms that say what the data may be used for, wherever a licence of rights holds them."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _conditions(item, depth + 1)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        term = next((value[key] for key in ("termCode", "@id", "url") if isinstance(value.get(key), str)), None)
        label = value.get("name")
        if term and not term.startswith("odrl:"):
            yield f"{term} ({label})" if isinstance(label, str) else term
        for key, inner in value.items():
            if isinstance(inner, dict | list) and not key.startswith("@") and not key.endswith("operator"):
                yield from _conditions(inner, depth + 1)


def _fields(
    source: Source, entry: Mapping[str, Any], key: str, place: Pointer, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Pointer]]:
    """The fields of a record set and their parts; the names of older files begin with that of what is around them."""
    for field, at in _mappings(source, entry, key, place):
        named = _text(field, "name") or str(field.get("@id") or "")
        last = named.rpartition("/")[2].strip()
        if last and len(above) < _DEEPEST:
            yield (*above, last), at
            yield from _fields(source, field, "subField", at, (*above, last))
        elif field and not last:
            source.doubt("a field without a name", *at, reason="unresolved")


def _say(source: Source, table: Table, top: Mapping[str, Any]) -> None:
    """What the authors say about personal data: prose, or a list of the kinds that are in there."""
    value, place = _get(top, "personalSensitiveInformation", ())
    said = _said.NOTHING
    for item, at in _many(value, place):
        text = item.get("@value") if isinstance(item, dict) else item
        text = source.string(text, *at)
        if text is not None:
            said |= _sensitive(text)
    if said.traits:
        table.says(said, source.at(*place))


def _sensitive(text: str) -> Said:
    said = _prose.stated(text)
    if said.traits or len(text.split()) > _FEW_WORDS:
        return said
    meant = meaning(text)
    return Said(frozenset({meant.said}), meant.categories) if meant.said else said


def _origins(
    source: Source, node: Node, top: Mapping[str, Any], records: Sequence[tuple[dict[str, Any], Pointer]]
) -> Iterator[Facts]:
    """The data sets that all of it, or a part, is said to be derived from."""
    parts = [(top, ()), *records]
    parts += [field for record, place in records for field in _mappings(source, record, "field", place)]
    for part, place in parts:
        for item, at in _many(*_get(part, "wasDerivedFrom", place)):
            name = _origin(item)
            if name is None:
                source.doubt("what this was derived from has no name", *at, reason="unresolved")
            else:
                origin = _assets.dataset(name, source.at(*at)).model_copy(
                    update={"categories": categories_of_path(name)}
                )
                yield Facts(nodes=(origin,), edges=(derived_from(node, origin, source.at(*at)),))


def _origin(item: Any) -> str | None:
    names = [item] if isinstance(item, str) else []
    if isinstance(item, dict):
        names = [
            str(item[key]) for key in ("url", "@id", "name", "sc:name", "sc:url") if isinstance(item.get(key), str)
        ]
    hub = next(filter(None, map(hub_dataset, names)), None)
    return hub or next((shown(name).removeprefix("urn:dataset:") for name in names if name.strip()), None)


def _files(source: Source, node: Node, top: Mapping[str, Any]) -> Iterator[Facts]:
    """The files beside the description that the data set consists of."""
    home = source.path.rpartition("/")[0]
    for item, place in _mappings(source, top, "distribution", ()):
        path = _text(item, "contentUrl")
        if path and "://" not in path and not path.startswith("/") and not _PATTERN.search(path):
            file = data_file(normpath(join(home, path)), source.at(*place))
            yield Facts(nodes=(file,), edges=(flow(file.id, node.id, source.at(*place)),))


PARSER = Parser.of_configs("croissant", _interest, _parse)

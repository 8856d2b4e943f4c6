"""OpenLineage events: which column of which data set a job makes from which, and what it masks on the way.

All events of a tree are one picture. A data set that a job writes and none reads is where the data end.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from petguard import taxonomy
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, located, read_json
from petguard.errors import UnreadableInput
from petguard.model import Facts, Gap, Location, State
from petguard.parsers import Parser, _said, one_by_one
from petguard.parsers._lineage import Column, Data, Key, Way, World, facts
from petguard.parsers._model_file import shown
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]

_LINES = (".jsonl", ".ndjson")
_ENDS = (b'"inputs"', b'"outputs"', b'"dataset"')
_MARKS = (b"openlineage", b"OpenLineage", b'"columnLineage"')
_TRAINS = frozenset({"train", "training", "finetune", "finetuning", "retrain"})
_DEEPEST = 10
_MOST_FLOWS = 50_000


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    named = candidate.suffix in (".json", *_LINES)
    event = (
        named and b'"namespace"' in data and any(end in data for end in _ENDS) and any(mark in data for mark in _MARKS)
    )
    return Interest.READ if event else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    world = World()
    for item in inputs:
        gaps: list[Gap] = []

        def whole(item: Input, gaps: list[Gap] = gaps) -> Facts:
            for source in _sources(item, gaps):
                for event, place in _events(source):
                    _event(source, world, event, place)
            return Facts()

        yield from (each for each in one_by_one([item], whole) if isinstance(each, Gap))
        yield from dict.fromkeys(gaps)
    yield facts(world)


def _sources(item: Input, gaps: list[Gap]) -> Iterator[Source]:
    """The document of a file, or that of each line; a line that cannot be read is a gap of its own."""
    if not item.path.lower().endswith(_LINES):
        yield Source(item.path, item.text, read_json(item.text), gaps)
        return
    for number, line in enumerate(item.text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = read_json(line).value
        except UnreadableInput as error:
            gap = Gap(path=item.path, state=State.PARTIAL, reason=error.reason, detail=error.detail, line=number)
            gaps.append(gap)
        else:
            yield Source(item.path, item.text, located(value, number, 1), gaps)


def _events(source: Source) -> Iterator[tuple[dict[str, Any], Pointer]]:
    top = source.document.value
    if not isinstance(top, list):
        yield source.mapping(top), ()
        return
    for index, each in enumerate(top):
        yield source.mapping(each, index), (index,)


# --- reading ------------------------------------------------------------------------------------------------------


def _event(source: Source, world: World, event: dict[str, Any], place: Pointer) -> None:
    """One run, job or data set event; what is neither has no data sets."""
    inputs = list(_datasets(source, world, event.get("inputs"), (*place, "inputs")))
    outputs = list(_datasets(source, world, event.get("outputs"), (*place, "outputs")))
    static = event.get("dataset")
    if isinstance(static, dict):
        key = _dataset(source, world, static, (*place, "dataset"))
        if key is not None:
            _lineage(source, world, key, static, (*place, "dataset"))
    world.read.update(key for key, _, _ in inputs)
    for key, entry, at in outputs:
        world.written.setdefault(key, source.at(*at))
        told = _lineage(source, world, key, entry, at)
        for other, _, _ in () if told else inputs:
            world.jobs.setdefault((other, key), source.at(*at))
    _training(source, world, event, place, [key for key, _, _ in inputs])


def _training(source: Source, world: World, event: dict[str, Any], place: Pointer, inputs: Iterable[Key]) -> None:
    """A job that calls itself a training gets what it reads."""
    name = source.string(source.mapping(event.get("job"), *place, "job").get("name"), *place, "job", "name")
    if name is not None and not _TRAINS.isdisjoint(taxonomy.tokens(name)):
        for key in inputs:
            world.trained.setdefault((key, shown(name)), source.at(*place, "job"))


def _datasets(
    source: Source, world: World, value: Any, place: Pointer
) -> Iterator[tuple[Key, dict[str, Any], Pointer]]:
    for index, each in enumerate(source.items(value, *place)):
        entry = source.mapping(each, *place, index)
        key = _dataset(source, world, entry, (*place, index))
        if key is not None:
            yield key, entry, (*place, index)


def _dataset(source: Source, world: World, entry: dict[str, Any], place: Pointer) -> Key | None:
    namespace = source.string(entry.get("namespace"), *place, "namespace")
    name = source.string(entry.get("name"), *place, "name")
    if namespace is None or name is None:
        if entry:
            source.doubt("a data set without namespace or name", *place, reason="unresolved")
        return None
    key = (shown(namespace), shown(name))
    data = world.data.setdefault(key, Data(source.at(*place)))
    schema = _facet(source, entry, "schema", place)
    for column, at in _schema(source, schema.get("fields"), (*place, "facets", "schema", "fields"), ()):
        data.columns.setdefault(column, (source.at(*at), _said.NOTHING))
    links = _facet(source, entry, "symlinks", place)
    for other in _identifiers(source, links, (*place, "facets", "symlinks")):
        if other != key:
            world.same.setdefault((key, other), source.at(*place))
    _tags(source, data, _facet(source, entry, "tags", place), (*place, "facets", "tags"))
    return key


def _identifiers(source: Source, facet: dict[str, Any], place: Pointer) -> Iterator[Key]:
    """The other names of a data set."""
    for index, each in enumerate(source.items(facet.get("identifiers"), *place, "identifiers")):
        entry = source.mapping(each, *place, "identifiers", index)
        namespace, name = entry.get("namespace"), entry.get("name")
        if isinstance(namespace, str) and isinstance(name, str):
            yield shown(namespace), shown(name)


def _facet(source: Source, entry: dict[str, Any], name: str, place: Pointer) -> dict[str, Any]:
    at = (*place, "facets")
    facet = source.mapping(source.mapping(entry.get("facets"), *at).get(name), *at, name)
    return {} if facet.get("_deleted") is True else facet


def _schema(source: Source, value: Any, place: Pointer, above: tuple[str, ...]) -> Iterator[tuple[str, Pointer]]:
    for index, each in enumerate(source.items(value, *place)):
        at = (*place, index)
        entry = source.mapping(each, *at)
        name = source.string(entry.get("name"), *at, "name")
        if name is not None and len(above) < _DEEPEST:
            yield ".".join((*above, name)), at
            yield from _schema(source, entry.get("fields"), (*at, "fields"), (*above, name))


def _tags(source: Source, data: Data, facet: dict[str, Any], place: Pointer) -> None:
    """A tag speaks of a field, or of the whole data set: `{key: pii, value: true, field: email}`."""
    for index, each in enumerate(source.items(facet.get("tags"), *place, "tags")):
        at = (*place, "tags", index)
        tag = source.mapping(each, *at)
        key, column = tag.get("key"), tag.get("field")
        said = _said.by_pair(key, tag.get("value")) if isinstance(key, str) else _said.NOTHING
        if isinstance(column, str) and column:
            where, before = data.columns.get(column, (source.at(*at), _said.NOTHING))
            data.columns[column] = (where, before | said)
        else:
            data.said |= said


def _lineage(source: Source, world: World, key: Key, entry: dict[str, Any], place: Pointer) -> bool:
    """The columns of an output with what each is made from; whether anything was told."""
    facet = _facet(source, entry, "columnLineage", place)
    below = (*place, "facets", "columnLineage", "fields")
    fields = source.mapping(facet.get("fields"), *below)
    for name, each in fields.items():
        made = source.mapping(each, *below, name)
        world.data[key].columns.setdefault(name, (source.at(*below, name), _said.NOTHING))
        old = str(made.get("transformationType", "")).upper() == "MASKED"
        for index, given in enumerate(source.items(made.get("inputFields"), *below, name, "inputFields")):
            at = (*below, name, "inputFields", index)
            _made_from(source, world, (*key, name), source.mapping(given, *at), at, all_masked=old)
    return bool(fields)


def _made_from(
    source: Source, world: World, column: Column, entry: dict[str, Any], place: Pointer, *, all_masked: bool
) -> None:
    parts = [source.string(entry.get(key), *place, key) for key in ("namespace", "name", "field")]
    if None in parts:
        source.doubt("an input field without namespace, name or field", *place, reason="unresolved")
        return
    origin = (shown(str(parts[0])), shown(str(parts[1])), str(parts[2]))
    at = (*place, "transformations")
    steps = [
        source.mapping(each, *at, index) for index, each in enumerate(source.items(entry.get("transformations"), *at))
    ]
    direct = [step for step in steps if step.get("type") != "INDIRECT"]
    if steps and not direct:  # it decides about rows, and its values go nowhere
        return
    data = world.data.setdefault(origin[:2], Data(source.at(*place)))
    data.columns.setdefault(origin[2], (source.at(*place), _said.NOTHING))
    masked = all_masked or bool(direct and all(step.get("masking") is True for step in direct))
    way = _masked(direct, source.at(*place)) if masked else Way(source.at(*place), None, None)
    known = world.ways.get((origin, column))
    if len(world.ways) >= _MOST_FLOWS and known is None:
        source.doubt(f"more than {_MOST_FLOWS:,} columns are made from others", *place, reason="too_many")
    elif known is None or known.how is not None:  # what goes on unmasked once is not masked
        world.ways[origin, column] = way


def _masked(steps: Sequence[dict[str, Any]], where: Location) -> Way:
    """A masking transformation; one that does not say what it does may be no more than a hash."""
    described = " ".join(str(step["description"]) for step in steps if isinstance(step.get("description"), str))
    if any(step.get("subtype") == "AGGREGATION" for step in steps):
        return Way(where, shown(described.strip())[:200] or "aggregated", "aggregation")
    technique = _said.technique(described) if described.strip() else "pseudonymisation"
    return Way(where, shown(described.strip())[:200] or "masked", technique)


PARSER = Parser.of_configs("openlineage", _interest, _parse)

"""dbt: which columns a warehouse's project says are personal or masked, what is made from what, and who gets it.

Property files, the Jinja of the models and `target/manifest.json` say the same things in different places; they are
read into one world of tables, and an exposure is where data leaves it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json, read_yaml_all
from petguard.model import Facts, Gap, Location
from petguard.parsers import Parser, one_by_one
from petguard.parsers._dbt_tables import Project
from petguard.parsers._source import Source, excerpt

Pointer = tuple[Step, ...]

_SECTION = re.compile(
    rb"(?m)^(?:models|sources|seeds|snapshots|exposures)[ \t]*:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*+[ \t]*- "
)
_TELLING = re.compile(
    rb"(?m)^[ \t]*(?:columns|tables|depends_on|meta|tests|data_tests|config|tags)[ \t]*:|^version:[ \t]*2"
)
_TABLES = ("models", "seeds", "snapshots")
_ENTRY = frozenset({"columns", "tables", "tests", "data_tests", "meta", "config", "tags", "description", "depends_on"})
_NOT_DBT = frozenset({"provider", "model", "apiKey"})  # of a list of language models
_MANIFEST = b"getdbt.com/dbt/manifest"
_REF = re.compile(
    r"\b(?P<kind>ref|source)\s*\(\s*(?P<a>['\"])(?P<first>[^'\"\n]{1,200})(?P=a)"
    r"(?:\s*,\s*(?P<b>['\"])(?P<second>[^'\"\n]{1,200})(?P=b))?"
)
_NO_MODELS = frozenset({"macros", "tests", "analyses", "analysis", "target", "dbt_packages", "dbt_modules"})
_FAR = 2_000  # characters of one Jinja expression


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    if candidate.suffix in (".yml", ".yaml"):
        wanted = candidate.name == "dbt_project.yml" or bool(_SECTION.search(data) and _TELLING.search(data))
    elif candidate.suffix == ".json":
        wanted = _MANIFEST in data[:4096] and b'"nodes"' in data
    else:
        wanted = candidate.suffix == ".sql" and b"{" in data and (b"ref(" in data or b"source(" in data)
    return Interest.READ if wanted else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    homes = {item.path.rpartition("/")[0] for item in inputs if item.path.endswith("dbt_project.yml")}
    world = Project()
    sources: list[Source] = []

    def open_(item: Input) -> Facts:
        if item.path.endswith(".sql"):
            if _is_model(item.path, homes):
                _read_sql(item, world)
        elif item.path.endswith(".json"):
            sources.append(Source(item.path, item.text, read_json(item.text)))
        elif not item.path.endswith("dbt_project.yml"):
            sources.extend(Source(item.path, item.text, document) for document in read_yaml_all(item.text))
        return Facts()

    yield from (each for each in one_by_one(inputs, open_) if isinstance(each, Gap))
    for source in sources:
        _read(source, world, inside=_home(source.path, homes) is not None)
    yield world.facts()
    for source in sources:
        yield from dict.fromkeys(source.gaps)


def _home(path: str, homes: set[str]) -> str | None:
    return next((home for home in homes if not home or path.startswith(f"{home}/")), None)


def _read(source: Source, world: Project, *, inside: bool) -> None:
    top = source.document.value
    if not isinstance(top, dict):
        return
    if source.path.endswith(".json"):
        _read_manifest(source, world, top)
    elif inside or top.get("version") == 2 or _looks_like_dbt(top):
        _read_properties(source, world, top)


def _looks_like_dbt(top: dict[str, Any]) -> bool:
    entries = [
        each for key in (*_TABLES, "sources", "exposures") for each in top.get(key) or () if isinstance(each, dict)
    ]
    return any(_ENTRY & each.keys() and not _NOT_DBT & each.keys() for each in entries)


# --- property files -----------------------------------------------------------------------------------------------


def _read_properties(source: Source, world: Project, top: dict[str, Any]) -> None:
    for section in _TABLES:
        for entry, place in _named(source, top.get(section), (section,)):
            world.table(source, str(entry["name"]), entry, place)
    for entry, place in _named(source, top.get("sources"), ("sources",)):
        for table, below in _named(source, entry.get("tables"), (*place, "tables")):
            world.table(source, str(table["name"]), table, below, schema=str(entry["name"]), around=(entry, place))
    for entry, place in _named(source, top.get("exposures"), ("exposures",)):
        depends = source.strings(entry.get("depends_on"), *place, "depends_on")
        refs = [(key, at) for text, at in depends for key, _ in _refs(text)]
        world.exposure(source, entry, place, refs)


def _named(source: Source, value: Any, pointer: Pointer) -> Iterator[tuple[dict[str, Any], Pointer]]:
    """The mappings of a list that have a name; one without is a gap, but what stands in it is not known by anybody."""
    for index, each in enumerate(source.items(value, *pointer)):
        entry = source.mapping(each, *pointer, index)
        if source.string(entry.get("name"), *pointer, index, "name") is not None:
            yield entry, (*pointer, index)
        elif entry:
            source.doubt("an entry without a name", *pointer, index, reason="unresolved")


def _refs(text: str) -> Iterator[tuple[str, int]]:
    """What `ref()` and `source()` name, by the key of the table, with where in the text."""
    for found in _REF.finditer(text):
        first, second = found["first"], found["second"]
        if found["kind"] == "source":
            if second:
                yield f"{first}.{second}", found.start()
        else:
            yield second or first, found.start()  # the first of two is a package


# --- models in SQL ------------------------------------------------------------------------------------------------


def _is_model(path: str, homes: set[str]) -> bool:
    return _home(path, homes) is not None and _NO_MODELS.isdisjoint(path.split("/"))


def _read_sql(item: Input, world: Project) -> None:
    name = item.path.rpartition("/")[2].removesuffix(".sql")
    lines = item.text.split("\n")
    line, seen = 1, 0
    for key, at in _refs(item.text):
        line, seen = line + item.text.count("\n", seen, at), at
        if _in_jinja(item.text, at):
            there = Location(path=item.path, line=line, evidence=excerpt(lines[line - 1], 1))
            world.made_from(name, Location(path=item.path), key, there)


def _in_jinja(text: str, at: int) -> bool:
    """Whether a place lies within `{{ }}` or `{% %}`: elsewhere `ref(` is anybody's function, or a comment of Jinja."""
    window = text[max(0, at - _FAR) : at]
    opened = max(window.rfind("{{"), window.rfind("{%"))
    return opened > max(window.rfind("}}"), window.rfind("%}"), window.rfind("{#"))


# --- manifest.json ------------------------------------------------------------------------------------------------


def _read_manifest(source: Source, world: Project, top: dict[str, Any]) -> None:
    for section in ("nodes", "sources"):
        for key, each in source.mapping(top.get(section), section).items():
            entry, place = source.mapping(each, section, key), (section, key)
            kind, _, rest = key.partition(".")
            if kind in ("model", "seed", "snapshot", "source") and rest and entry:
                _, _, name = _table_key(key).rpartition(".")
                schema = source.string(entry.get("source_name"), *place, "source_name") if kind == "source" else None
                world.table(source, name, entry, place, schema=schema)
                for upstream, at in _depends_on(source, entry, place):
                    world.made_from(_table_key(key), source.at(*place), upstream, source.at(*at))
    for key, each in source.mapping(top.get("exposures"), "exposures").items():
        entry = source.mapping(each, "exposures", key)
        if entry:
            name = entry.get("name") or key.rpartition(".")[2]
            world.exposure(
                source, {**entry, "name": name}, ("exposures", key), _depends_on(source, entry, ("exposures", key))
            )


def _depends_on(source: Source, entry: dict[str, Any], place: Pointer) -> list[tuple[str, Pointer]]:
    depends = source.mapping(entry.get("depends_on"), *place, "depends_on")
    names = source.strings(depends.get("nodes"), *place, "depends_on", "nodes")
    kinds = ("model.", "seed.", "snapshot.", "source.")
    return [(_table_key(name), at) for name, at in names if name.startswith(kinds)]


def _table_key(unique: str) -> str:
    """`model.shop.users` and its version `model.shop.users.v2` are `users`, `source.shop.raw.users` is `raw.users`."""
    kind, _, rest = unique.partition(".")
    _, _, name = rest.partition(".")
    return name if kind == "source" else re.sub(r"\.v\d+$", "", name)


PARSER = Parser.of_configs("dbt", _interest, _parse)

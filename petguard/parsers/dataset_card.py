"""Hugging Face dataset cards: the columns that the front matter of a README lists, and what it says about people."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from posixpath import join, normpath
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, Step, front_matter
from petguard.errors import UnreadableInput
from petguard.model import Detail, Facts, Gap, Location, Node
from petguard.parsers import Parser, _assets, _prose, _said, one_by_one
from petguard.parsers._declared import DATASETS, data_file, derived_from, flow
from petguard.parsers._declared_table import Table
from petguard.parsers._model_file import shown
from petguard.parsers._names import categories_of_path
from petguard.parsers._source import Source, excerpt, together

Pointer = tuple[Step, ...]

_TELLING = (
    *("dataset_info", "task_categories", "source_datasets", "annotations_creators", "language_creators"),
    *("size_categories", "task_ids"),
)
_OF_A_MODEL = frozenset({"base_model", "pipeline_tag", "library_name", "model-index"})
_KEY = re.compile(rf"(?m)^(?:{'|'.join(_TELLING)})[ \t]*:".encode())
_FENCE = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n")
_QUOTE = "[\"'`]?"
_TITLE = re.compile(
    rf"(?mi)^#{{1,3}} +Dataset Card (?:for|of) +{_QUOTE}(?P<name>[^\n{{}}\[\]\"`]{{1,120}}?){_QUOTE}[ \t#]*$"
)
_TITLED = re.compile(rb"(?mi)^#{1,3} +Dataset Card (?:for|of) +")
_SECTION = re.compile(
    r"(?mi)^#{1,6}[ \t]+\[?personal (?:and|or|&) sensitive information(?:\]\([^)\n]{0,200}\))?[ \t#]*$"
)
_HEADING = re.compile(r"(?m)^#{1,6}[ \t]+\S")
_LOADED = re.compile(r"\bload_dataset\(\s*['\"](?P<name>[\w.-]{1,96}/[\w.-]{1,96})['\"]")
_KEPT = ("license", "annotations_creators", "size_categories", "task_categories")
_NOWHERE = frozenset({"original", "extended", "other"})
_INNER = ("struct", "list", "sequence")


@dataclass(frozen=True)
class _Card:
    """The front matter, and the prose that follows it."""

    source: Source
    top: dict[str, Any]
    text: str


def _interest(candidate: Candidate) -> Interest:
    if candidate.suffix not in (".md", ".markdown"):
        return Interest.NONE
    head = candidate.data[:200_000]
    is_card = (_FENCE.match(head) and _KEY.search(head)) or _TITLED.search(head)
    return Interest.READ if is_card else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        gaps: list[Gap] = []

        def whole(item: Input, gaps: list[Gap] = gaps) -> Facts:
            source = Source(item.path, item.text, _open(item.text), gaps)
            return _read(_Card(source, source.mapping(source.document.value), item.text))

        yield from one_by_one([item], whole)
        yield from dict.fromkeys(gaps)


def _open(text: str) -> Document:
    """The front matter, which may be missing; without a closing fence it is not known where the prose begins."""
    document = front_matter(text)
    if document is None and text.lstrip("\ufeff").startswith("---") and _KEY.search(text.split("\n\n", 1)[0].encode()):
        raise UnreadableInput("the front matter has no closing ---", line=1)
    return document or Document({})


def _read(card: _Card) -> Facts:
    if not _OF_A_MODEL.isdisjoint(card.top) or not (
        any(key in card.top for key in _TELLING) or _TITLE.search(card.text)
    ):
        return Facts()
    name = _name(card)
    table = Table(_row(card, name))
    for path, place in _features(card.source, card.top.get("dataset_info"), ("dataset_info",), ()):
        column = ".".join(path)
        table.hold(_said.column(DATASETS, name, column, card.source.at(*place), _said.NOTHING))
    _say(card, table)
    return together([table.facts(listed=True), *_sources(card, table.node), *_files(card, table.node)])


def _name(card: _Card) -> str:
    """The name on the hub where the text loads just one, else that of the card, else of its folder."""
    loaded = {found["name"] for found in _LOADED.finditer(card.text)}
    if len(loaded) == 1:
        return loaded.pop()
    pretty = card.top.get("pretty_name")
    title = _TITLE.search(card.text)
    folder = card.source.path.rpartition("/")[0].rpartition("/")[2]
    named = pretty if isinstance(pretty, str) and pretty.strip() and "{" not in pretty else None
    return shown(named or (title["name"].strip() if title else "") or folder or card.source.path).strip()


def _row(card: _Card, name: str) -> Node:
    details: dict[str, Detail] = {"declared_in": "dataset card", "card": card.source.path}
    for key in _KEPT:
        values = tuple(shown(text) for text, _ in card.source.strings(card.top.get(key), key))
        if values:
            details[key] = values[0] if len(values) == 1 else values
    update = {"details": details, "categories": categories_of_path(name)}
    return _assets.dataset(name, card.source.at()).model_copy(update=update)


def _features(
    source: Source, value: Any, place: Pointer, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Pointer]]:
    """The columns of `dataset_info`: one configuration or a list of them, each with features."""
    configs = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
    for step, each in configs:
        at = place if step is None else (*place, step)
        config = source.mapping(each, *at)
        yield from _columns(source, config.get("features"), (*at, "features"), above)


def _columns(
    source: Source, value: Any, place: Pointer, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Pointer]]:
    """Named features with those inside them; what a plain sequence holds has no name of its own."""
    if isinstance(value, str):
        return
    entries = [value] if isinstance(value, dict) else source.items(value, *place)
    for index, each in enumerate(entries):
        at = place if isinstance(value, dict) else (*place, index)
        entry = source.mapping(each, *at)
        name = entry.get("name")
        here = (*above, name) if isinstance(name, str) and name.strip() else above
        if here != above:
            yield here, at
        for key in _INNER:
            yield from _columns(source, entry.get(key), (*at, key), here)


def _say(card: _Card, table: Table) -> None:
    """What the section about personal data, or else the tags, say of the data set."""
    tags = [text for text, _ in card.source.strings(card.top.get("tags"), "tags")]
    if "synthetic" not in {tag.lower() for tag in tags}:
        table.says(_said.by_tags(tags), card.source.at())
    found = _SECTION.search(card.text)
    if found is None:
        return
    after = _HEADING.search(card.text, found.end())
    section = card.text[found.end() : after.start() if after else len(card.text)]
    said = _prose.stated(section)
    line = card.text.count("\n", 0, found.start()) + 1
    if said.traits:
        table.says(said, Location(path=card.source.path, line=line, evidence=excerpt(found[0], 1)))


def _sources(card: _Card, node: Node) -> Iterator[Facts]:
    """The data sets that this one is said to be made from: `extended|squad` is `squad`."""
    for text, place in card.source.strings(card.top.get("source_datasets"), "source_datasets"):
        name = text.rpartition("|")[2].removeprefix("other-")
        if name and name not in _NOWHERE:
            origin = _assets.dataset(name, card.source.at(*place))
            origin = origin.model_copy(update={"categories": categories_of_path(name)})
            yield Facts(nodes=(origin,), edges=(derived_from(node, origin, card.source.at(*place)),))


def _files(card: _Card, node: Node) -> Iterator[Facts]:
    """The files of the repository that the data set consists of; what a pattern matches is not looked up."""
    home = card.source.path.rpartition("/")[0]
    for index, each in enumerate(card.source.items(card.top.get("configs"), "configs")):
        place: Pointer = ("configs", index)
        if isinstance(each, str):  # an older card lists names only
            continue
        config = card.source.mapping(each, *place)
        folder = config.get("data_dir")
        base = join(home, folder) if isinstance(folder, str) else home
        for path, at in _paths(card.source, config.get("data_files"), (*place, "data_files")):
            if "://" not in path and not re.search(r"[*?\[\]{}]", path):
                file = data_file(normpath(join(base, path)), card.source.at(*at))
                yield Facts(nodes=(file,), edges=(flow(file.id, node.id, card.source.at(*at)),))


def _paths(source: Source, value: Any, place: Pointer) -> Iterator[tuple[str, Pointer]]:
    """One path, a list of paths, or a list of splits with a path or several each."""
    if isinstance(value, str):
        yield value, place
        return
    for index, each in enumerate(source.items(value, *place)):
        at = (*place, index)
        if isinstance(each, dict):
            yield from source.strings(each.get("path"), *at, "path")
        elif (path := source.string(each, *at)) is not None:
            yield path, at


PARSER = Parser.of_configs("dataset_card", _interest, _parse)

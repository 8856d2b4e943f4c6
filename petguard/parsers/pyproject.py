"""`pyproject.toml`: the AI and PET packages that a project depends on, in the PEP 621, PEP 735 and Poetry styles."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_toml
from petguard.model import Facts, Gap, Node
from petguard.parsers import Parser, _assets
from petguard.parsers._source import Source, each
from petguard.parsers.requirements import dependencies

Pointer = tuple[Step, ...]


def _interest(candidate: Candidate) -> Interest:
    telling = (b"dependencies", b"dependency-groups")
    named = candidate.name == "pyproject.toml"
    return Interest.READ if named and any(word in candidate.data for word in telling) else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_toml(text)], _read)


def _read(source: Source) -> Facts:
    lists = [node for pointer in _lists(source) for node in _from_list(source, pointer)]
    tables = [node for pointer in _tables(source) for node in _from_table(source, pointer)]
    return Facts(nodes=(*lists, *tables))


def _value(source: Source, pointer: Pointer) -> Any:
    """What stands at the pointer; None when it, or anything above it, is absent."""
    value = source.document.value
    for end, step in enumerate(pointer):
        value = source.mapping(value, *pointer[:end]).get(str(step))
    return value


def _lists(source: Source) -> Iterator[Pointer]:
    yield ("project", "dependencies")
    yield ("tool", "uv", "dev-dependencies")
    groups: tuple[Pointer, ...] = (
        ("project", "optional-dependencies"),
        ("dependency-groups",),
        ("tool", "pdm", "dev-dependencies"),
    )
    for group in groups:
        yield from ((*group, name) for name in source.mapping(_value(source, group), *group))


def _tables(source: Source) -> Iterator[Pointer]:
    poetry: Pointer = ("tool", "poetry")
    yield (*poetry, "dependencies")
    yield (*poetry, "dev-dependencies")
    groups: Pointer = (*poetry, "group")
    for name in source.mapping(_value(source, groups), *groups):
        yield (*groups, name, "dependencies")


def _from_list(source: Source, pointer: Pointer) -> list[Node]:
    items = source.items(_value(source, pointer), *pointer)
    # PEP 735 lets a group include another one: {include-group = "test"}; that group is read by itself.
    wanted = [(index, item) for index, item in enumerate(items) if not _is_include(item)]
    texts = [(source.string(item, *pointer, index), source.at(*pointer, index)) for index, item in wanted]
    found = list(dependencies((text, location) for text, location in texts if text is not None))
    source.gaps.extend(gap for gap in found if isinstance(gap, Gap))
    return [node for node in found if isinstance(node, Node)]


def _is_include(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("include-group"), str)


def _from_table(source: Source, pointer: Pointer) -> Iterable[Node]:
    for name, wanted in source.mapping(_value(source, pointer), *pointer).items():
        node = _assets.package("pypi", name, _poetry_pin(wanted), source.at(*pointer, name))
        if node is not None:
            yield node


def _poetry_pin(wanted: Any) -> str | None:
    """Poetry reads a bare version as an exact one."""
    text = wanted.get("version") if isinstance(wanted, dict) else wanted
    if not isinstance(text, str):
        return None
    bare = text.strip().removeprefix("==").strip()
    return bare if bare[:1].isdigit() and not set(bare) & set("*,<>~^|= ") else None


PARSER = Parser.of_configs("pyproject", _interest, _parse)

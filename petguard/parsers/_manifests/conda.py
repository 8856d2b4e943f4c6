"""Conda environments, and pixi's manifest and lock; what conda calls a package, PyPI mostly calls the same."""

import re
from collections.abc import Iterator
from dataclasses import replace

from petguard.collect import Candidate
from petguard.documents import read_toml, read_yaml
from petguard.errors import UnreadableInput
from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing, listed, unquoted
from petguard.parsers._manifests.python import from_table, pixi_tables
from petguard.parsers._names import exact, requirement
from petguard.parsers._source import Source

# `channel::name=version=build`; one equals sign alone means any version that begins so.
_TORCH = ("pytorch", "pytorch-cpu", "pytorch-gpu")
_SPEC = re.compile(
    r"(?:[\w./-]+::)?(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:(?:==|=(?=[^=]+=))(?P<version>[^=<>,\s*]+))?.*", re.S
)
_LOCKED = re.compile(r"(?m)^- (?:pypi: .*|kind: pypi)\n(?P<body>(?:  .*\n?)*)")
_FIELD = re.compile(r"(?m)^  (name|version): (.+)$")
_ARCHIVE = re.compile(r"(?m)^- conda: .*/(?P<name>[^/\s]+)-(?P<version>[^-/\s]+)-[^-/\s]+\.(?:conda|tar\.bz2)$")


def environment(sheet: Sheet) -> Iterator[Dependency]:
    """The list under `dependencies`, and the one for pip inside it."""
    source = sheet.source(read_yaml(sheet.text))
    items = source.items(source.mapping(source.document.value).get("dependencies"), "dependencies")
    for index, item in enumerate(items):
        if isinstance(item, dict):
            yield from _from_pip(source, source.items(item.get("pip"), "dependencies", index, "pip"), index)
        elif (text := source.string(item, "dependencies", index)) and (spec := _SPEC.fullmatch(text)):
            yield listed(source, _on_pypi(spec["name"]), spec["version"], "dependencies", index)


def _on_pypi(name: str) -> str:
    return "torch" if name.lower() in _TORCH else name


def _from_pip(source: Source, items: list[object], index: int) -> Iterator[Dependency]:
    for number, item in enumerate(items):
        pointer = ("dependencies", index, "pip", number)
        parsed = requirement(source.string(item, *pointer) or "")
        if parsed is not None:
            yield listed(source, parsed.name, exact(parsed.specifier), *pointer)


def pixi(sheet: Sheet) -> Iterator[Dependency]:
    """The tables of `pixi.toml`."""
    source = sheet.source(read_toml(sheet.text))
    for pointer in pixi_tables(source):
        yield from (replace(each, name=_on_pypi(each.name)) for each in from_table(source, *pointer))


def pixi_lock(sheet: Sheet) -> Iterator[Dependency]:
    """Each package once, at the end of the file; conda's are told by the name of their archive."""
    if not re.search(r"(?m)^packages:$", sheet.text):
        raise UnreadableInput("no list of packages, which ends every lock of pixi")
    for entry in _LOCKED.finditer(sheet.text):
        fields = {key: unquoted(value.strip()) for key, value in _FIELD.findall(entry["body"])}
        if "name" in fields:
            line = sheet.text.count("\n", 0, entry.start()) + 1
            yield Dependency(fields["name"], fields.get("version"), line, standing=Standing.LOCKED)
    for found in _ARCHIVE.finditer(sheet.text):
        line = sheet.text.count("\n", 0, found.start()) + 1
        yield Dependency(_on_pypi(found["name"]), found["version"], line, standing=Standing.LOCKED)


def _lists_dependencies(candidate: Candidate) -> bool:
    return b"dependencies:" in candidate.data


_ALSO = frozenset({"pytorch"})
FORMATS = (
    Format(
        "pypi",
        r"(?:conda[\w.-]*)?(?:environment|env)[\w.-]*\.ya?ml|conda[\w.-]*\.ya?ml",
        environment,
        looks=_lists_dependencies,
        other_names=_ALSO,
    ),
    Format("pypi", r"pixi\.toml", pixi, other_names=_ALSO),
    Format("pypi", r"pixi\.lock", pixi_lock, lock=True, other_names=_ALSO),
)

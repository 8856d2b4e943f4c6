"""What JavaScript projects get: the locks of npm, Yarn, pnpm, Bun and Deno."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from petguard.documents import read_json
from petguard.parsers._dependencies import Dependency, Entry, Format, Sheet, Standing, entries, listed
from petguard.parsers._manifests.javascript import aliased
from petguard.parsers._source import Source

_TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_NAMED = r"(?P<name>@[^/@\s]+/[^/@\s]+|[^/@\s]+)"
_AT = re.compile(rf"{_NAMED}@(?P<version>.+)")


def _standing(name: str, asked: Iterable[str]) -> Standing:
    return Standing.DIRECT if name in asked else Standing.TRANSITIVE


def package_lock(sheet: Sheet) -> Iterator[Dependency]:
    """Since version 2 every folder is an entry, the project's own and its workspaces' among them; before, a tree."""
    source = sheet.source(read_json(sheet.text))
    top = source.mapping(source.document.value)
    packages = source.mapping(top.get("packages"), "packages")
    if not packages:
        yield from _tree(source, top.get("dependencies"), "dependencies")
        return
    own = {folder: entry for folder, entry in packages.items() if "node_modules/" not in folder}
    asked = {name for folder, entry in own.items() for name in _tables(source, entry, "packages", folder)}
    for folder in (folder for folder in packages if folder not in own):
        entry = source.mapping(packages[folder], "packages", folder)
        if entry.get("link") is True:
            continue
        alias = folder.rpartition("node_modules/")[2]
        name = source.string(entry.get("name"), "packages", folder, "name") or alias
        version = source.string(entry.get("version"), "packages", folder, "version")
        nested = folder.count("node_modules/") > 1
        standing = Standing.TRANSITIVE if nested else _standing(alias, asked)
        yield listed(source, name, version, "packages", folder, standing=standing)


def _tables(source: Source, value: Any, *pointer: str) -> Iterator[str]:
    entry = source.mapping(value, *pointer)
    for table in _TABLES:
        yield from source.mapping(entry.get(table), *pointer, table)


def _tree(source: Source, value: Any, *pointer: str) -> Iterator[Dependency]:
    """What is needed in a second version lies inside the package that needs it."""
    for alias, item in source.mapping(value, *pointer).items():
        place = (*pointer, alias)
        entry = source.mapping(item, *place)
        name, version = aliased(alias, source.string(entry.get("version"), *place, "version") or "")
        standing = Standing.LOCKED if len(pointer) == 1 else Standing.TRANSITIVE
        yield listed(source, name, version or None, *place, standing=standing)
        yield from _tree(source, entry.get("dependencies"), *place, "dependencies")


def yarn_lock(sheet: Sheet) -> Iterator[Dependency]:
    """Both shapes: that of Yarn 1, which knows no project, and that of Yarn 2 and later, which lists it as well."""
    return _berry(sheet) if re.search(r"(?m)^__metadata:", sheet.text) else _classic(sheet)


_HEADING = re.compile(r"(?m)^(?P<specs>[^\s#][^\n]*):\n(?P<body>(?:[ \t]+[^\n]*(?:\n|\Z))*)|^(?P<odd>[^\s#].*)$")
_VERSION = re.compile(r'(?m)^  version "?([^"\n]+)"?$')


def _classic(sheet: Sheet) -> Iterator[Dependency]:
    end, line = 0, 1
    for found in _HEADING.finditer(sheet.text):
        line += sheet.text.count("\n", end, found.start())
        end = found.start()
        spec = _AT.fullmatch((found["specs"] or "").split(",")[0].strip().strip('"'))
        version = _VERSION.search(found["body"] or "")
        if spec is None or version is None:
            sheet.doubt("an entry without a name or a version", line)
        else:
            yield Dependency(_real(spec), version[1], line, standing=Standing.LOCKED)


def _real(spec: re.Match[str]) -> str:
    """The package behind `name@range`; `alias@npm:name@range` gives it another name."""
    behind = _AT.fullmatch(spec["version"].removeprefix("npm:"))
    return behind["name"] if behind and spec["version"].startswith("npm:") else spec["name"]


def _berry(sheet: Sheet) -> Iterator[Dependency]:
    found: list[Dependency] = []
    asked: set[str] = set()
    project = False
    for entry in entries(sheet):
        if not entry.above:
            spec = _AT.fullmatch(entry.key.split(",")[0])
            project = spec is None or spec["version"].startswith("workspace:")
            if spec is not None and not project:
                found.append(Dependency(_real(spec), None, entry.line))
        elif not project and entry.key == "version" and len(entry.above) == 1:
            found[-1] = replace(found[-1], version=entry.value)
        elif project and len(entry.above) == 2 and entry.above[1] in _TABLES:
            asked.add(aliased(entry.key, entry.value)[0] if "@" in entry.value else entry.key)
    yield from (replace(each, standing=_standing(each.name, asked)) for each in found)


_PNPM = re.compile(rf"/?{_NAMED}[@/](?P<version>\d[^(_\s]*).*")


def pnpm_lock(sheet: Sheet) -> Iterator[Dependency]:
    """`importers` (in a small project: the top) says what is asked for, `packages` what came."""
    found: list[Dependency] = []
    asked: set[str] = set()
    for entry in entries(sheet):
        if entry.above == ("packages",):
            named = _PNPM.fullmatch(entry.key)
            if named is not None:  # others come from a folder or an address
                found.append(Dependency(named["name"], named["version"], entry.line))
        elif (alias := _pnpm_asks(entry)) is not None:
            asked.add(alias)
    yield from (replace(each, standing=_standing(each.name, asked)) for each in found)


def _pnpm_asks(entry: Entry) -> str | None:
    """The package that an entry of an importer asks for."""
    above = entry.above[2:] if entry.above[:1] == ("importers",) else entry.above
    if not above or above[0] not in _TABLES:
        return None
    if len(above) == 1:
        return entry.key
    real = _PNPM.fullmatch(entry.value) if entry.key == "version" else None  # under another name
    return real["name"] if real else None


def bun_lock(sheet: Sheet) -> Iterator[Dependency]:
    """`workspaces` says what is asked for; a package is a list that begins with `name@version`."""
    source = sheet.source(read_json(sheet.text))
    top = source.mapping(source.document.value)
    spaces = source.mapping(top.get("workspaces"), "workspaces")
    asked = {name for space, entry in spaces.items() for name in _tables(source, entry, "workspaces", space)}
    for key, value in source.mapping(top.get("packages"), "packages").items():
        items = source.items(value, "packages", key)
        found = _AT.fullmatch(source.string(items[0], "packages", key, 0) or "") if items else None
        if found is not None and not found["version"].startswith("workspace:"):
            yield listed(source, found["name"], found["version"], "packages", key, standing=_standing(key, asked))


def deno_lock(sheet: Sheet) -> Iterator[Dependency]:
    """The npm packages; the workspace names what is asked for."""
    source = sheet.source(read_json(sheet.text))
    top = source.mapping(source.document.value)
    wanted = str(top.get("workspace"))
    pointer: tuple[str, ...] = ("npm",)
    packages = top.get("npm")
    if packages is None:
        packages, pointer = source.mapping(top.get("packages"), "packages").get("npm"), ("packages", "npm")
    for key in source.mapping(packages, *pointer):
        found = _AT.fullmatch(key)
        if found is not None:
            direct = re.search(rf"npm:{re.escape(found['name'])}(?:@|')", wanted) is not None
            standing = Standing.DIRECT if direct else Standing.TRANSITIVE if "workspace" in top else Standing.LOCKED
            yield listed(source, found["name"], found["version"].partition("_")[0], *pointer, key, standing=standing)


FORMATS = (
    Format("npm", r"package-lock\.json|npm-shrinkwrap\.json|\.package-lock\.json", package_lock, lock=True),
    Format("npm", r"yarn\.lock", yarn_lock, lock=True),
    Format("npm", r"pnpm-lock\.yaml", pnpm_lock, lock=True),
    Format("npm", r"bun\.lock", bun_lock, lock=True),
    Format("npm", r"deno\.lock", deno_lock, lock=True),
)

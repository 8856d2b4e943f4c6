"""What Python projects get: the locks of uv, Poetry, PDM, pip (PEP 751) and Pipenv."""

from collections.abc import Iterator
from typing import Any

from packaging.utils import canonicalize_name

from petguard.documents import read_json, read_toml
from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing, listed
from petguard.parsers._source import Source


def toml_lock(sheet: Sheet) -> Iterator[Dependency]:
    """One table for each package. In uv's, the project itself is a package too and names what it asks for."""
    source = sheet.source(read_toml(sheet.text))
    top = source.mapping(source.document.value)
    key = "packages" if "packages" in top else "package"  # pip's own lock (PEP 751), all others
    packages = [source.mapping(each, key, index) for index, each in enumerate(source.items(top.get(key), key))]
    asked = {name for package in packages if _is_project(package) for name in _asked_by(package)}
    unsaid = Standing.TRANSITIVE if any(map(_is_project, packages)) else Standing.LOCKED
    for index, package in enumerate(packages):
        if not _is_project(package):
            standing = Standing.DIRECT if str(package.get("name")) in asked else unsaid
            yield from locked(source, package, key, index, standing=standing)


def locked(source: Source, package: dict[str, Any], *pointer: str | int, standing: Standing) -> Iterator[Dependency]:
    """A package that a lock describes by its name and version; without a name it is a doubt."""
    name = source.string(package.get("name"), *pointer, "name")
    if name is None:
        source.doubt("a package without a name", *pointer)
        return
    version = source.string(package.get("version"), *pointer, "version")
    yield listed(source, name, version, *pointer, "name", standing=standing)


def _is_project(package: dict[str, Any]) -> bool:
    """Whether a package of uv's lock lies in the repository, as the project or a member of its workspace."""
    place = package.get("source")
    return isinstance(place, dict) and ("editable" in place or "virtual" in place)


def _asked_by(package: dict[str, Any]) -> Iterator[str]:
    groups = (package.get(name) for name in ("optional-dependencies", "dev-dependencies"))
    extra = (items for group in groups if isinstance(group, dict) for items in group.values())
    for items in (package.get("dependencies"), *extra):
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and isinstance(item.get("name"), str):
                yield canonicalize_name(item["name"])


def pipfile_lock(sheet: Sheet) -> Iterator[Dependency]:
    """Every section holds a flat list; the Pipfile says what was asked for."""
    source = sheet.source(read_json(sheet.text))
    for section, packages in source.mapping(source.document.value).items():
        if section == "_meta":
            continue
        for name, entry in source.mapping(packages, section).items():
            version = source.string(source.mapping(entry, section, name).get("version"), section, name, "version")
            pinned = version.removeprefix("==") if version else None
            yield listed(source, name, pinned, section, name, standing=Standing.LOCKED)


FORMATS = (
    Format("pypi", r"(?:uv|poetry|pdm)\.lock|pylock(?:\.[^.]+)?\.toml", toml_lock, lock=True),
    Format("pypi", r"Pipfile\.lock", pipfile_lock, lock=True),
)

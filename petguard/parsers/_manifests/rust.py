"""What Rust projects ask for and get: `Cargo.toml` and `Cargo.lock`."""

import re
from collections.abc import Iterator
from typing import Any

from petguard.documents import read_toml
from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing, listed
from petguard.parsers._manifests.python_locks import locked
from petguard.parsers._source import Source

_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")
_EXACT = re.compile(r"=\s*(\d[\w.+-]*)")


def cargo_toml(sheet: Sheet) -> Iterator[Dependency]:
    """All tables, per target too; `package` is the real name. A workspace's table only gives versions to members."""
    source = sheet.source(read_toml(sheet.text))
    top = source.mapping(source.document.value)
    for table in _TABLES:
        yield from _from_table(source, top.get(table), table)
    for target, value in source.mapping(top.get("target"), "target").items():
        tables = source.mapping(value, "target", target)
        for table in _TABLES:
            yield from _from_table(source, tables.get(table), "target", target, table)
    shared = source.mapping(top.get("workspace"), "workspace").get("dependencies")
    yield from _from_table(source, shared, "workspace", "dependencies", standing=Standing.MANAGED)


def _from_table(
    source: Source, value: Any, *pointer: str, standing: Standing = Standing.DIRECT
) -> Iterator[Dependency]:
    for alias, wanted in source.mapping(value, *pointer).items():
        entry = wanted if isinstance(wanted, dict) else {"version": wanted}
        name = source.string(entry.get("package"), *pointer, alias, "package") or alias
        version = _EXACT.fullmatch(source.string(entry.get("version"), *pointer, alias) or "")
        yield listed(source, name, version[1] if version else None, *pointer, alias, standing=standing)


def cargo_lock(sheet: Sheet) -> Iterator[Dependency]:
    """The project and the members of its workspace have no source; what they depend on is direct."""
    source = sheet.source(read_toml(sheet.text))
    value = source.mapping(source.document.value).get("package")
    packages = [source.mapping(each, "package", index) for index, each in enumerate(source.items(value, "package"))]
    lists = (package.get("dependencies") for package in packages if "source" not in package)
    asked = {str(item).split()[0] for each in lists if isinstance(each, list) for item in each if str(item).strip()}
    for index, package in enumerate(packages):
        if "source" in package:
            standing = Standing.DIRECT if str(package.get("name")) in asked else Standing.TRANSITIVE
            yield from locked(source, package, "package", index, standing=standing)


FORMATS = (
    Format("cargo", r"Cargo\.toml", cargo_toml),
    Format("cargo", r"Cargo\.lock", cargo_lock, lock=True),
)

"""What Dart and Flutter projects ask for and get: `pubspec.yaml` and `pubspec.lock`."""

import re
from collections.abc import Iterator

from petguard.documents import read_yaml
from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing, entries, listed

_EXACT = re.compile(r"\d+\.\d+\.\d+[\w.+-]*")


def pubspec(sheet: Sheet) -> Iterator[Dependency]:
    """The three tables; a package from a folder or a repository is a mapping and has no version."""
    source = sheet.source(read_yaml(sheet.text))
    top = source.mapping(source.document.value)
    for table in ("dependencies", "dev_dependencies", "dependency_overrides"):
        for name, wanted in source.mapping(top.get(table), table).items():
            said = wanted.get("version") if isinstance(wanted, dict) else wanted
            exact = said if isinstance(said, str) and _EXACT.fullmatch(said) else None
            yield listed(source, name, exact, table, name)


def pubspec_lock(sheet: Sheet) -> Iterator[Dependency]:
    """Each package says whether it is direct."""
    lines: dict[str, int] = {}
    said: dict[tuple[str, str], str] = {}
    for entry in entries(sheet):
        if entry.above == ("packages",):
            lines[entry.key] = entry.line
        elif len(entry.above) == 2 and entry.above[0] == "packages":
            said[entry.above[1], entry.key] = entry.value
    for name, line in lines.items():
        kind, version = said.get((name, "dependency"), ""), said.get((name, "version"))
        if not kind or not version:
            sheet.doubt("a package without its version or kind; the file may be cut off", line)
        standing = Standing.TRANSITIVE if kind == "transitive" else Standing.DIRECT if kind else Standing.LOCKED
        yield Dependency(name, version, line, standing=standing)


FORMATS = (
    Format("pub", r"pubspec\.yaml|pubspec_overrides\.yaml", pubspec),
    Format("pub", r"pubspec\.lock", pubspec_lock, lock=True),
)

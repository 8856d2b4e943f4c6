"""What JavaScript projects ask for: `package.json` and Deno's import maps."""

import re
from collections.abc import Iterator

from petguard.documents import read_json
from petguard.parsers._dependencies import Dependency, Format, Sheet, listed

_TABLES = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_EXACT = re.compile(r"[=v]{0,2}\s*(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)")
_NPM = re.compile(r"npm:/?(?P<name>@[^/@\s]+/[^/@\s]+|[^/@\s]+)(?:@(?P<range>[^/\s]*))?(?:/.*)?")


def package_json(sheet: Sheet) -> Iterator[Dependency]:
    """All kinds of dependencies; `npm:` gives another package the name that stands before it."""
    source = sheet.source(read_json(sheet.text))
    top = source.mapping(source.document.value)
    for table in _TABLES:
        for alias, wanted in source.mapping(top.get(table), table).items():
            name, range_ = aliased(alias, source.string(wanted, table, alias) or "")
            yield listed(source, name, exact_version(range_), table, alias)


def deno(sheet: Sheet) -> Iterator[Dependency]:
    """The npm packages that `imports` maps names to."""
    source = sheet.source(read_json(sheet.text))
    top = source.mapping(source.document.value)
    for alias, wanted in source.mapping(top.get("imports"), "imports").items():
        found = _NPM.fullmatch(source.string(wanted, "imports", alias) or "")
        if found is not None:
            yield listed(source, found["name"], exact_version(found["range"] or ""), "imports", alias)


def aliased(name: str, wanted: str) -> tuple[str, str]:
    """The real name and the range of an entry such as `"gpt": "npm:openai@4.2.0"`."""
    found = _NPM.fullmatch(wanted)
    return (found["name"], found["range"] or "") if found else (name, wanted)


def exact_version(wanted: str) -> str | None:
    """The version when the range is just one."""
    found = _EXACT.fullmatch(wanted.strip())
    return found[1] if found else None


FORMATS = (
    Format("npm", r"package\.json", package_json),
    Format("npm", r"(?:deno|import[_-]?map)\.jsonc?", deno),
)

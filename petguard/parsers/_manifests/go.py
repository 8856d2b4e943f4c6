"""What Go modules ask for: `go.mod` lists everything that is built, and marks what others ask for.

`go.sum` holds checksums of whatever was ever considered and is no list of dependencies; `go.work` names folders.
"""

import re
from collections.abc import Iterator

from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing

_REQUIRE = re.compile(r'(?:require\s+)?"?(?P<name>[^\s"()]+)"?\s+(?P<version>v\S+)\s*(?P<comment>//.*)?')
_OTHER = re.compile(r"(?:module|go|toolchain|godebug|exclude|replace|retract|tool|ignore)\s.*")
_INDIRECT = re.compile(r"//\s*indirect\b")


def go_mod(sheet: Sheet) -> Iterator[Dependency]:
    """The `require` lines, alone or in a block."""
    block: str | None = None
    opened = 1
    for number, raw in enumerate(sheet.lines, 1):
        line = raw.strip()
        if not line or line.startswith("//"):
            continue
        if block is None and (opening := re.fullmatch(r"(\w+)\s*\(\s*(?://.*)?", line)):
            block, opened = opening[1], number
        elif block is not None and line.startswith(")"):
            block = None
        elif block == "require" or (block is None and re.match(r"require\s", line)):
            yield from _required(sheet, line, number)
        elif block is None and not _OTHER.fullmatch(line):
            sheet.doubt("not a line of a go.mod", number)
    if block is not None:
        sheet.doubt(f"the block {block} is not closed", opened)


def _required(sheet: Sheet, line: str, number: int) -> Iterator[Dependency]:
    found = _REQUIRE.fullmatch(line)
    if found is None:
        sheet.doubt("not a requirement", number)
        return
    indirect = _INDIRECT.search(found["comment"] or "") is not None
    standing = Standing.TRANSITIVE if indirect else Standing.DIRECT
    yield Dependency(found["name"], found["version"], number, standing=standing)


FORMATS = (Format("golang", r"go\.mod", go_mod),)

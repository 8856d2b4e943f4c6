"""What Ruby projects ask for and get: the literals of `Gemfile` and gemspecs, and `Gemfile.lock`."""

import re
from collections.abc import Iterator

from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing

_ASKED = re.compile(
    r"""(?m)^[^\S\n]*(?:gem|\w+\.add_(?:runtime_|development_)?dependency)[^\S\n]*+\(?[^\S\n]*+["'](?P<name>[\w.-]+)["']"""
    r"""(?:\s*+,\s*+\[?\s*+["']\s*(?P<range>[^"'\n]*)["'])?"""
)
_COMMENT = re.compile(r"(?m)^=begin\b(?s:.*?)(?:^=end\b|\Z)")
_EXACT = re.compile(r"=?\s*(\d[\w.]*)")


def gemfile(sheet: Sheet) -> Iterator[Dependency]:
    """The lines that ask for a gem by a literal name."""
    text = _COMMENT.sub(lambda found: re.sub(r"[^\n]", "", found[0]), sheet.text)
    for found in _ASKED.finditer(text):
        version = _EXACT.fullmatch((found["range"] or "").strip())
        yield Dependency(found["name"], version[1] if version else None, text.count("\n", 0, found.start("name")) + 1)


_SECTION = re.compile(r"[A-Z][A-Z ]*")
_LOCKED = re.compile(r"    (?P<name>[\w.-]+) \((?P<version>[^()\s]+)\)")
_WANTED = re.compile(r"  (?P<name>[\w.-]+)!?(?: \(.*\))?!?")


def gemfile_lock(sheet: Sheet) -> Iterator[Dependency]:
    """Gems stand below their sources, what was asked for below DEPENDENCIES."""
    found: dict[str, Dependency] = {}
    asked: set[str] = set()
    section = ""
    for number, line in enumerate(sheet.lines, 1):
        if _SECTION.fullmatch(line):
            section = line
        elif section == "DEPENDENCIES" and (wanted := _WANTED.fullmatch(line)):
            asked.add(wanted["name"])
        elif section in ("GEM", "GIT", "PATH") and (gem := _LOCKED.fullmatch(line)):
            version = re.sub(r"-(?:x86|x64|arm|aarch|java|universal|mingw|mswin).*", "", gem["version"])
            found.setdefault(gem["name"], Dependency(gem["name"], version, number))
        elif line and not line.startswith(" "):
            sheet.doubt("not a line of a Gemfile.lock", number)
    if not asked:
        sheet.doubt("no DEPENDENCIES, which every Gemfile.lock has; the file may be cut off", len(sheet.lines))
    for name, each in found.items():
        standing = Standing.DIRECT if name in asked else Standing.TRANSITIVE if asked else Standing.LOCKED
        yield Dependency(name, each.version, each.line, standing=standing)


FORMATS = (
    Format("gem", r"Gemfile|gems\.rb|[\w.-]+\.gemspec|[\w.-]+\.gemfile", gemfile),
    Format("gem", r"Gemfile\.lock|gems\.locked|[\w.-]+\.gemfile\.lock", gemfile_lock, lock=True),
)

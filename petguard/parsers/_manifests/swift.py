"""What Swift packages ask for and get: the literals of `Package.swift`, and `Package.resolved`."""

import re
from collections.abc import Iterator

from petguard.documents import read_json
from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing, listed

_COMMENT = re.compile(r'(?P<text>"(?:\\.|[^"\\\n]){0,1000}+")|//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)')
_PACKAGE = re.compile(
    r'\.package\(\s*(?:name:\s*"[^"\n]*"\s*,\s*)?url:\s*"(?P<url>[^"\n]+)"'
    r'(?:\s*,\s*\.?exact(?::\s*|\(\s*)"(?P<version>[^"\n]+)")?'
)


def package_swift(sheet: Sheet) -> Iterator[Dependency]:
    """The packages that are given by an address."""
    text = _COMMENT.sub(lambda found: found["text"] or re.sub(r"[^\n]", " ", found[0]), sheet.text)
    for found in _PACKAGE.finditer(text):
        yield Dependency(_name(found["url"]), found["version"], text.count("\n", 0, found.start("url")) + 1)


def package_resolved(sheet: Sheet) -> Iterator[Dependency]:
    """The pins, at the top since version 2 and in an object before."""
    source = sheet.source(read_json(sheet.text))
    top = source.mapping(source.document.value)
    above = () if "pins" in top else ("object",)
    pins = source.mapping(top.get("object"), "object").get("pins") if above else top["pins"]
    for index, value in enumerate(source.items(pins, *above, "pins")):
        place = (*above, "pins", index)
        pin = source.mapping(value, *place)
        key = "location" if "location" in pin else "repositoryURL"
        url = source.string(pin.get(key), *place, key)
        version = source.string(source.mapping(pin.get("state"), *place, "state").get("version"), *place, "state")
        if url is not None:
            yield listed(source, _name(url), version, *place, key, standing=Standing.LOCKED)


def _name(url: str) -> str:
    """Owner and repository: what the catalogue knows a Swift package by."""
    parts = url.rstrip("/").removesuffix(".git").replace(":", "/").split("/")
    return "/".join(parts[-2:])


FORMATS = (
    Format("swift", r"Package(?:@swift-[\d.]+)?\.swift", package_swift),
    Format("swift", r"Package\.resolved", package_resolved, lock=True),
)

"""pip requirement files: which AI and PET packages a project asks for."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from petguard import secrets
from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap, Location, Node, State
from petguard.parsers import Parser, _assets
from petguard.parsers._names import exact, requirement

_NAMED = re.compile(r"(?i)(?:^|/)(?:[\w.-]*requirements?[\w.-]*\.(?:txt|in)|requirements?/[\w.-]+\.(?:txt|in))$")
_CONSTRAINTS = re.compile(r"(?i)(?:^|/)[\w.-]*constraints?[\w.-]*\.(?:txt|in)$")
_SHAPE = re.compile(rb"\s*(?:$|#|-|[A-Za-z0-9][\w.-]*\s*(?:\[[\w,.\s-]*\])?\s*(?:$|[=<>~!;@#\\]))")
_PINNED = re.compile(rb"(?m)^\s*[A-Za-z0-9][\w.-]*\s*(?:\[[^\]\n]*\])?\s*(?:===?|~=|>=|<=|!=)\s*\d|^-r\s")
_HASHES = re.compile(r"\s--(?:hash|config-settings?|global-option|install-option)[= ].*$")
_EGG = re.compile(r"#(?:.*&)?egg=([\w.-]+)")
_EDITABLE = re.compile(r"(?:-e|--editable)[\s=]+")
_URL = re.compile(r"(?:[a-z]+\+)?[a-z]+://|[a-z]+\+\w+@|file:")
_LOCAL = re.compile(r"[./~\\]|[A-Za-z]:[\\/]|\w[\w.-]*[/\\]")


def _interest(candidate: Candidate) -> Interest:
    """Every .txt and .in file that reads like requirements; one named so needs no version to show it."""
    if candidate.suffix not in (".txt", ".in") or _CONSTRAINTS.search(candidate.path) or not candidate.data.strip():
        return Interest.NONE
    if _NAMED.search(candidate.path):
        return Interest.READ
    lines = candidate.data[:20_000].splitlines()[:50]
    shaped = bool(_PINNED.search(candidate.data[:20_000])) and all(_SHAPE.match(line) for line in lines)
    return Interest.READ if shaped else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        found = list(_read(item))
        yield Facts(nodes=tuple(each for each in found if isinstance(each, Node)))
        yield from (each for each in found if isinstance(each, Gap))


def _read(item: Input) -> Iterator[Node | Gap]:
    for number, line in _logical_lines(item.text):
        name, version = _dependency(line)
        is_section = line.startswith("[") and item.path.endswith("requires.txt")  # setuptools' own list has headings
        if name is None and is_section:
            continue
        if name is None:
            detail = f"not a requirement: {secrets.mask_in(line)}"
            yield Gap(path=item.path, state=State.PARTIAL, reason="parse_error", detail=detail, line=number)
        elif name:
            location = Location(path=item.path, line=number, evidence=secrets.mask_in(line))
            node = _assets.package("pypi", name, version, location)
            if node is not None:
                yield node


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, joined where they end in a backslash, each with the number of its first line."""
    started, kept = 0, ""
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = re.sub(r"(?:^|(?<=\s))#.*", "", raw.rstrip("\r")).rstrip()
        started = started or number
        if line.endswith("\\"):
            kept += line[:-1] + " "
            continue
        if (kept + line).strip():
            yield started, (kept + line).strip()
        started, kept = 0, ""
    if kept.strip():
        yield started, kept.strip()


def _dependency(line: str) -> tuple[str | None, str | None]:
    """Name and exact version; an empty name for a line that names no package, None for one that is not understood."""
    editable = _EDITABLE.match(line)
    if line.startswith("-") and not editable:
        return "", None
    wanted = line[editable.end() :] if editable else _HASHES.sub("", line)
    if _URL.match(wanted):
        return _from_url(wanted)
    parsed = requirement(wanted.strip())
    if parsed is not None:
        return parsed.name, exact(parsed.specifier)
    return ("", None) if editable or _LOCAL.match(wanted) else (None, None)


def _from_url(url: str) -> tuple[str, str | None]:
    if egg := _EGG.search(url):
        return egg[1], None
    last = unquote(re.split("[?#]", url, maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1])
    try:
        name, version, *_ = parse_wheel_filename(last)
    except InvalidWheelFilename:
        return re.sub(r"(?:\.git)?(?:@.*)?$", "", last), None
    return name, str(version)


def dependencies(texts: Iterable[tuple[str, Location]]) -> Iterator[Node | Gap]:
    """The nodes for requirements that stand in another file, such as `pyproject.toml`."""
    for text, location in texts:
        parsed = requirement(text)
        if parsed is None:
            detail = f"not a requirement: {secrets.mask_in(text)}"
            yield Gap(path=location.path, state=State.PARTIAL, reason="parse_error", detail=detail, line=location.line)
        elif node := _assets.package("pypi", parsed.name, exact(parsed.specifier), location):
            yield node


PARSER = Parser.of_configs("requirements", _interest, _parse)

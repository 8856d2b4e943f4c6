"""What Java and Kotlin projects ask for: Maven's `pom.xml`; Gradle's build files, version catalogue and lock."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from petguard.documents import Element, read_toml, read_xml
from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing, listed
from petguard.parsers._source import Source

_PROPERTY = re.compile(r"\$\{([^${}\s]+)\}")
_EXACT = re.compile(r"\[?(\d[\w.-]*)\]?")


def pom(sheet: Sheet) -> Iterator[Dependency]:
    """The dependencies of the project and its profiles, with versions and properties as far as this file tells."""
    project = read_xml(sheet.text)
    known = _properties(project)
    managed = dict(_coordinates(each, known) for each in _dependencies(project, "dependencyManagement"))
    for element in _dependencies(project):
        name, version = _coordinates(element, known)
        yield Dependency(name, version or managed.get(name), _line_of_name(element))
    for element in _dependencies(project, "dependencyManagement"):
        name, version = _coordinates(element, known)
        if element.said("scope") != "import":
            yield Dependency(name, version, _line_of_name(element), standing=Standing.MANAGED)


def _line_of_name(dependency: Element) -> int:
    return next((each.line for each in dependency.at("artifactId")), dependency.line)


def _dependencies(project: Element, *above: str) -> Iterator[Element]:
    for home in (project, *project.at("profiles", "profile")):
        yield from home.at(*above, "dependencies", "dependency")


def _properties(project: Element) -> Mapping[str, str]:
    """What `${…}` may stand for: the project's own coordinates, then what it and its profiles define."""
    known = {}
    for name in ("groupId", "version"):
        said = project.said(name) or project.said("parent", name)
        for prefix in ("project.", "pom.", ""):
            known[prefix + name] = said or ""
        known[f"project.parent.{name}"] = project.said("parent", name) or ""
    for home in (project, *project.at("profiles", "profile")):
        for table in home.at("properties"):
            known |= {each.name: each.text for each in table.children}
    return known


def _coordinates(dependency: Element, known: Mapping[str, str]) -> tuple[str, str | None]:
    group, artifact = (_resolved(dependency.said(part) or "", known) for part in ("groupId", "artifactId"))
    version = _EXACT.fullmatch(_resolved(dependency.said("version") or "", known))
    return f"{group}:{artifact}", version[1] if version else None


def _resolved(text: str, known: Mapping[str, str]) -> str:
    """The text with its properties filled in; a property may name others, but not without end."""
    for _ in range(5):
        filled = _PROPERTY.sub(lambda found: known.get(found[1], found[0]), text)[:1000]
        if filled == text:
            break
        text = filled
    return text


# Comments and text literals; in a literal, `//` starts nothing. Its length is bounded, since it may never end.
_GRADLE = re.compile(
    r"""//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)"""
    r"""|(?P<quote>"{3}|'{3})(?P<long>(?s:.*?))(?P=quote)|"(?P<double>(?:\\.|[^"\\\n]){0,1000}+)"|'(?P<single>(?:\\.|[^'\\\n]){0,1000}+)'"""
)
_COORDINATES = re.compile(r"(?P<name>[\w.-]+:[\w.-]+)(?::(?P<version>[^:@\s]*))?(?:[:@][^\s]*)?")
_VARIABLE = re.compile(
    r"""(?m)^[ \t]*(?:(?:def|val|var|String|ext|set)\b\W*)?(?:ext\.|extra\[")?(\w+)["\])]*\s*[=,]\s*"""
    r"""["']([^"'$\n]+)["']"""
)
_USED = re.compile(r"\$\{?(\w+)\}?")
_MAP = re.compile(
    r"""\bgroup\s*[:=]\s*["'](?P<group>[\w.-]+)["']\s*,\s*name\s*[:=]\s*["'](?P<artifact>[\w.-]+)["']"""
    r"""(?:\s*,\s*version\s*[:=]\s*["'](?P<version>[^"'\n]+)["'])?"""
)
_LIBRARY = re.compile(
    r"""\blibrary\(\s*["'][\w.-]+["']\s*,\s*["'](?P<group>[\w.-]+)["']\s*,\s*["'](?P<artifact>[\w.-]+)["']"""
)


def gradle(sheet: Sheet) -> Iterator[Dependency]:
    """Every text literal that reads like coordinates, and both spellings in parts; comments do not count."""
    bare = _GRADLE.sub(lambda found: found[0] if _literal(found) else re.sub(r"[^\n]", " ", found[0]), sheet.text)
    starts = [0, *(feed.end() for feed in re.finditer("\n", bare))]
    known = dict(_VARIABLE.findall(bare))
    for found in _GRADLE.finditer(bare):
        named = _COORDINATES.fullmatch(_USED.sub(lambda use: known.get(use[1], use[0]), _literal(found) or ""))
        if named is not None:
            yield Dependency(named["name"], _version(named["version"]), _line(starts, found))
    for found in (*_MAP.finditer(bare), *_LIBRARY.finditer(bare)):
        name, version = f"{found['group']}:{found['artifact']}", found.groupdict().get("version")
        yield Dependency(name, _version(version), _line(starts, found))


def _literal(found: re.Match[str]) -> str | None:
    return found["long"] or found["double"] or found["single"]


def _line(starts: list[int], found: re.Match[str]) -> int:
    return bisect_right(starts, found.start())


def _version(text: str | None) -> str | None:
    found = _EXACT.fullmatch((text or "").removesuffix("!!"))
    return found[1] if found and not found[1].endswith("+") else None


def version_catalogue(sheet: Sheet) -> Iterator[Dependency]:
    """The libraries of `libs.versions.toml`, with the versions they refer to."""
    source = sheet.source(read_toml(sheet.text))
    top = source.mapping(source.document.value)
    versions = source.mapping(top.get("versions"), "versions")
    for alias, entry in source.mapping(top.get("libraries"), "libraries").items():
        name, version = _library(source, entry, alias, versions)
        yield listed(source, name, _version(version), "libraries", alias)


def _library(source: Source, entry: Any, alias: str, versions: Mapping[str, Any]) -> tuple[str, str | None]:
    if isinstance(entry, str):
        group, _, rest = entry.partition(":")
        artifact, _, version = rest.partition(":")
        return f"{group}:{artifact}", version
    table = source.mapping(entry, "libraries", alias)
    wanted = table.get("version")
    if isinstance(wanted, dict) and isinstance(wanted.get("ref"), str):
        wanted = versions.get(wanted["ref"])
    if isinstance(wanted, dict):
        wanted = wanted.get("strictly")
    name = table.get("module") or f"{table.get('group')}:{table.get('name')}"
    return str(name), wanted if isinstance(wanted, str) else None


_LOCKED = re.compile(r"(?P<name>[^:=#\s]+:[^:=\s]+):(?P<version>[^:=\s]+)=\S*")


def gradle_lock(sheet: Sheet) -> Iterator[Dependency]:
    """One line for each artifact: its coordinates, and the configurations it is in."""
    for number, line in enumerate(sheet.lines, 1):
        found = _LOCKED.fullmatch(line.strip())
        if found is not None:
            yield Dependency(found["name"], found["version"], number, standing=Standing.LOCKED)
        elif line.strip() and not line.startswith(("#", "empty=")):
            sheet.doubt("not a locked artifact", number)


FORMATS = (
    Format("maven", r"pom\.xml|[\w.-]+\.pom", pom),
    Format("maven", r"[\w.-]+\.gradle(?:\.kts)?", gradle),
    Format("maven", r"[\w.-]+\.versions\.toml", version_catalogue),
    Format("maven", r"(?:buildscript-)?gradle\.lockfile", gradle_lock, lock=True),
)

"""What .NET projects ask for and get: project files, central versions, `packages.config` and NuGet's lock."""

import re
from collections.abc import Iterator, Mapping

from petguard.documents import Element, read_json, read_xml
from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing, listed

_PROPERTY = re.compile(r"\$\((\w+)\)")
_EXACT = re.compile(r"\[?\s*(\d+(?:\.\d+){1,3}(?:-[\w.-]+)?)\s*\]?")
_STANDINGS = {"Direct": Standing.DIRECT, "Transitive": Standing.TRANSITIVE, "CentralTransitive": Standing.TRANSITIVE}


def project(sheet: Sheet) -> Iterator[Dependency]:
    """References to packages. A central `PackageVersion` gives the version to projects that ask without one.

    NuGet takes a bare version unless some other package wants a later one, so it counts as exact.
    """
    root = read_xml(sheet.text)
    known = {each.name: each.text for table in root.everywhere("PropertyGroup") for each in table.children}
    for tag, standing in (
        ("PackageReference", Standing.DIRECT),
        ("GlobalPackageReference", Standing.DIRECT),
        ("PackageVersion", Standing.MANAGED),
    ):
        for element in root.everywhere(tag):
            name = element.attributes.get("Include") or element.attributes.get("Update")
            if name:
                yield Dependency(name.strip(), _version(element, known), element.line, standing=standing)


def _version(element: Element, known: Mapping[str, str]) -> str | None:
    said = (element.attributes.get(name) or element.said(name) for name in ("VersionOverride", "Version"))
    wanted = next((text for text in said if text), "")
    found = _EXACT.fullmatch(_PROPERTY.sub(lambda use: known.get(use[1], use[0]), wanted))
    return found[1] if found else None


def packages_config(sheet: Sheet) -> Iterator[Dependency]:
    """The list of older projects, which also names what packages ask for and does not tell the two apart."""
    for element in read_xml(sheet.text).at("package"):
        name = element.attributes.get("id")
        if name:
            yield Dependency(name, element.attributes.get("version"), element.line)


def packages_lock(sheet: Sheet) -> Iterator[Dependency]:
    """Per framework, each package with its standing."""
    source = sheet.source(read_json(sheet.text))
    frameworks = source.mapping(source.mapping(source.document.value).get("dependencies"), "dependencies")
    for framework, packages in frameworks.items():
        for name, value in source.mapping(packages, "dependencies", framework).items():
            place = ("dependencies", framework, name)
            entry = source.mapping(value, *place)
            standing = _STANDINGS.get(str(entry.get("type")))
            version = source.string(entry.get("resolved"), *place, "resolved")
            if standing is not None:  # a project of the same solution is none of the registry's packages
                yield listed(source, name, version, *place, standing=standing)


FORMATS = (
    Format("nuget", r"[^/]*\.(?:cs|fs|vb)proj|Directory\.(?:Packages|Build)\.(?:props|targets)", project),
    Format("nuget", r"packages(?:\.[\w.-]+)?\.config", packages_config),
    Format("nuget", r"packages\.lock\.json", packages_lock, lock=True),
)

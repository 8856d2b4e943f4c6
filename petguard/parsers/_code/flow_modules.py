"""Which files of the tree an import means: by path in JavaScript, by package in Java and Kotlin, by folder in Go."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from petguard.catalog import Ecosystem
from petguard.flows.resolve import Locate
from petguard.flows.summary import Summary
from petguard.parsers._code import flow_languages, flow_prisma
from petguard.parsers._code.project import Project

_NAME = re.compile(r'"name"\s*:\s*"([^"]+)"')
_GO_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)
_ENTRIES = ("", "/src/index", "/index", "/src", "/lib/index", "/src/main", "/lib")  # of a package in a workspace


def locate(project: Project, summaries: Mapping[str, Summary], ecosystem: Ecosystem) -> Locate:
    """How the imports of an ecosystem find their files. An empty module means what needs no import."""
    if ecosystem == "maven":
        return _Packages(summaries).located
    if ecosystem == "golang":
        return _Folders(project, summaries).located
    return _Modules(project).located


@dataclass(frozen=True)
class _Modules:
    """JavaScript and TypeScript: relative paths, aliases, the packages of a workspace, and the models of Prisma."""

    project: Project

    def located(self, importer: str, module: str) -> Sequence[str]:
        if not module or module == flow_prisma.PACKAGE:
            return self._schemas if not importer.endswith(flow_languages.SCHEMA) else ()
        found = self.project.located(importer, module) or self._of_workspace(module)
        return (found,) if found else ()

    @cached_property
    def _schemas(self) -> Sequence[str]:
        """The files whose models are known without naming a file."""
        return tuple(path for path in self.project.inputs if path.endswith(flow_languages.SCHEMA))

    def _of_workspace(self, module: str) -> str:
        """`@acme/llm/prompts`: in the folder of the package.json that bears the name."""
        parts = module.split("/")
        size = 2 if module.startswith("@") else 1
        folder = self._folders.get("/".join(parts[:size]))
        if folder is None:
            return ""
        rest = "/".join(parts[size:])
        ways = [f"./src/{rest}", f"./{rest}", f"./lib/{rest}"] if rest else [f".{each}" for each in _ENTRIES[1:]]
        beside = str(PurePosixPath(folder) / "package.json")
        return next((found for way in ways if (found := self.project.located(beside, way))), "")

    @cached_property
    def _folders(self) -> Mapping[str, str]:
        """The folders of packages by their name; of two with one name, none is chosen."""
        found: dict[str, list[str]] = {}
        for path, item in self.project.inputs.items():
            match = _NAME.search(item.text) if PurePosixPath(path).name == "package.json" else None
            if match:
                found.setdefault(match[1], []).append(str(PurePosixPath(path).parent))
        return {name: folders[0] for name, folders in found.items() if len(folders) == 1}


@dataclass(frozen=True)
class _Packages:
    """Java and Kotlin: a package, a class of one, and without an import what is in the same package."""

    summaries: Mapping[str, Summary]

    def located(self, importer: str, module: str) -> Sequence[str]:
        if not module:
            return self._files.get(self.summaries[importer].package, ())
        if module in self._files:
            return self._files[module]
        package, _, name = module.rpartition(".")
        files = self._files.get(package, ())
        return tuple(path for path in files if name in self.summaries[path].classes)

    @cached_property
    def _files(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for path, summary in self.summaries.items():
            found.setdefault(summary.package, []).append(path)
        return found


@dataclass(frozen=True)
class _Folders:
    """Go: a package is a folder; its import path is that of the module in go.mod and the way from there."""

    project: Project
    summaries: Mapping[str, Summary]

    def located(self, importer: str, module: str) -> Sequence[str]:
        if not module:
            beside = self._files.get(str(PurePosixPath(importer).parent), ())
            package = self.summaries[importer].package
            return tuple(path for path in beside if self.summaries[path].package == package)
        for name, folder in self._roots:
            if module == name or module.startswith(f"{name}/"):
                return self._files.get(str(PurePosixPath(folder) / module[len(name) + 1 :]), ())
        return ()

    @cached_property
    def _roots(self) -> Sequence[tuple[str, str]]:
        """The modules of the tree with their folder, the longest name first."""
        found = []
        for path, item in self.project.inputs.items():
            match = _GO_MODULE.search(item.text) if PurePosixPath(path).name == "go.mod" else None
            if match:
                found.append((match[1], str(PurePosixPath(path).parent)))
        return sorted(found, key=lambda each: -len(each[0]))

    @cached_property
    def _files(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for path in self.summaries:
            found.setdefault(str(PurePosixPath(path).parent), []).append(path)
        return found

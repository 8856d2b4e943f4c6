"""All Python files of a scan together: what the detectors find in them, and which function a call means."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import PurePosixPath

from petguard import catalog, semgrep
from petguard.collect import Input
from petguard.errors import UnreadableInput
from petguard.model import Gap, Json, State
from petguard.parsers._notebook import SUFFIX
from petguard.parsers._python_callees import Callees
from petguard.parsers._python_calls import Clients, ai_calls
from petguard.parsers._python_file import Facts, File
from petguard.parsers._python_module import Module
from petguard.parsers._python_rules import reach, search_rules, speaks_of_ai
from petguard.semgrep import Match, Program

_EVERYWHERE: Mapping[str, Sequence[str]] = {}


@dataclass
class Project:
    """The files of a scan, and what is found in them; files are parsed when they are first needed."""

    inputs: Mapping[str, Input]
    program: Program
    facts: dict[str, Facts] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    _modules: dict[str, Module | None] = field(default_factory=dict)

    def module(self, path: str) -> Module | None:
        """The syntax tree of a file; None, and a gap, when it cannot be parsed."""
        if path not in self._modules:
            try:
                self._modules[path] = module = Module(self.inputs[path])
                module.beyond = self._callees.bound
            except UnreadableInput as error:
                self._modules[path] = None
                gap = Gap(path=path, state=State.PARTIAL, reason=error.reason, detail=error.detail, line=error.line)
                self.gaps.append(gap)
        return self._modules[path]

    def opened(self, path: str) -> Module | None:
        """The syntax tree of a file that was needed before."""
        return self._modules.get(path)

    def search(self) -> None:
        """Run every detector over the files that hold one of the rules' literals."""
        told = [path for path, item in self.inputs.items() if speaks_of_ai(item.text) and self._open(path)]
        only = reach({path: self.inputs[path].text for path in told})
        found = self._run([self.inputs[path] for path in told], search_rules(), only)
        for path in told:
            file = self.files[path]
            file.add(found.get(path, ()))
            file.found = [each for each in file.found if not self._is_of_the_tree(file.module, each.call)]
        for path in told:
            self.facts[path].calls = ai_calls(self.files[path], self.clients, self.facts[path])

    @cached_property
    def importable(self) -> tuple[str, ...]:
        """The files that another one can import: not the notebooks."""
        return tuple(path for path in self.inputs if not path.lower().endswith(SUFFIX))

    @cached_property
    def clients(self) -> Clients:
        """Every AI client that the tree makes, once its files have been searched."""
        return Clients(self.files.values(), self._callees)

    def _is_of_the_tree(self, module: Module, call: ast.Call) -> bool:
        """Whether what looks like a library's call goes to a module of the scanned tree that only bears its name."""
        dotted = module.dotted(call.func) or ""
        return catalog.module(dotted) is not None and self.holds(dotted.partition(".")[0], module.path)

    def imported(self, module: Module, node: ast.expr) -> str | None:
        """The name outside of the tree that an expression stands for, also when a module of the tree hands it on."""
        dotted = module.dotted(node)
        if dotted is None or (catalog.module(dotted) and not self.holds(dotted.partition(".")[0], module.path)):
            return dotted
        for path, name in self._callees.of(module, node):
            other = self.module(path)
            first, _, rest = name.partition(".")
            if other is not None and first in other.imports and first not in other.definitions:
                behind = f"{other.imports[first]}.{rest}".rstrip(".")
                return None if self.holds(behind.partition(".")[0], path) else behind
        return None

    def holds(self, name: str, path: str) -> bool:
        """Whether Python would find a module of the tree under this top-level name when the file at `path` imports it.

        That is beside the file, above it, or in a folder `src` there, but never inside a package: what stands there
        has the name of the package before its own, so `app/anthropic.py` may import the library `anthropic`.
        """
        parents = PurePosixPath(path).parents
        folders = [str(parent) for parent in parents if str(parent / "__init__.py") not in self.inputs]
        roots = [*folders, *(str(PurePosixPath(folder) / "src") for folder in folders)]
        return any((root, name) in self._own or (str(PurePosixPath(root) / name), name) in self._own for root in roots)

    @cached_property
    def _own(self) -> frozenset[tuple[str, str]]:
        """The folder and name of every module of the tree; a package stands in its own folder."""
        paths = [PurePosixPath(path) for path in self.importable]
        names = (path.parent.name if path.name == "__init__.py" else path.stem for path in paths)
        return frozenset((str(path.parent), name) for path, name in zip(paths, names, strict=True))

    def _open(self, path: str) -> bool:
        """Make a file ready to hold facts; False when it cannot be parsed."""
        module = self.module(path)
        if module is not None and path not in self.files:
            packages = ((local, catalog.module(name)) for local, name in module.imports.items())
            own = {local for local, name in module.imports.items() if self.holds(name.partition(".")[0], path)}
            libraries = {local: package for local, package in packages if package is not None and local not in own}
            self.files[path], self.facts[path] = File(module, libraries), Facts()
        return module is not None

    def _run(
        self, inputs: Sequence[Input], rules: Sequence[Json], only: Mapping[str, Sequence[str]] = _EVERYWHERE
    ) -> dict[str, list[Match]]:
        result = semgrep.run(inputs, rules, language="python", only=only, program=self.program)
        self.gaps += [gap for gap in result.gaps if gap not in self.gaps]
        return {path: list(some) for path, some in groupby(result.matches, key=lambda match: match.path)}

    @cached_property
    def _callees(self) -> Callees:
        return Callees(self.importable, self.module)

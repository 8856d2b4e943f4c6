"""All Python files of a scan together: which function a call means, and the rounds that follow data through functions.

A model call usually sits in a wrapper: `complete(prompt)` in one file, `complete(f"... {patient.notes}")` in another.
The first round finds parameters that reach a model. Each later round takes the calls of those functions as the places
data goes to, and looks only at files that mention their names, until no new function is found.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import PurePosixPath

from petguard import catalog, semgrep
from petguard.collect import Input
from petguard.errors import UnreadableInput
from petguard.model import EdgeKind, Gap, Json, State
from petguard.parsers._notebook import SUFFIX
from petguard.parsers._python_callees import Callees
from petguard.parsers._python_calls import Clients, ai_calls
from petguard.parsers._python_file import Facts, File, Found, argument, call_node, edge
from petguard.parsers._python_flows import Sink, flows, parameter_id
from petguard.parsers._python_module import Module
from petguard.parsers._python_rules import (
    call_sinks,
    function_sinks,
    reach,
    search_rules,
    speaks_of_ai,
    taint_rules,
)
from petguard.parsers._python_syntax import last_name, span
from petguard.semgrep import Match, Program

_EVERYWHERE: Mapping[str, Sequence[str]] = {}
Wanted = dict[tuple[str, str], list["Parameter"]]  # by path and dotted name of the function
Passed = tuple[ast.Call, ast.expr, "Parameter"]  # a call, and the argument in it that is passed for the parameter

_CALLED = re.compile(r"\b(\w++)(?=\s*+\(|\s++as\s)")
_ROUNDS = 6  # deeper chains of wrappers were not met in real projects


@dataclass(frozen=True)
class Parameter:
    """A parameter whose value reaches a model. `position` counts without self."""

    path: str
    function: str
    name: str
    position: int | None

    @property
    def node(self) -> str:
        """The id of the parameter's node."""
        return parameter_id(self.path, self.function, self.name)

    @property
    def called(self) -> str:
        """The name by which callers know the function; a class by its own name."""
        return self.function.removesuffix(".__init__").rpartition(".")[2]


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

    def follow(self) -> None:
        """Follow data through functions, round by round, until no new function carries it on."""
        sinks = {path: [_whole(file, found) for found in self.facts[path].calls] for path, file in self.files.items()}
        known: set[Parameter] = set()
        rules = taint_rules(call_sinks())
        for _ in range(_ROUNDS):
            sinks = {path: some for path, some in sinks.items() if some}
            if not sinks:
                return
            for path, matches in self._run([self._focus(*each) for each in sinks.items()], rules).items():
                self.files[path].add(matches)
                flows(self.files[path], matches, sinks[path], self.facts[path])
            new = set(self._carriers()) - known
            known |= new
            calls = self._calls_of(new)
            sinks = {path: [self._passed(path, *each) for each in some] for path, some in calls.items()}
            rules = taint_rules(function_sinks({last_name(call.func) for some in calls.values() for call, *_ in some}))
        self.gaps += [_too_far(path) for path, some in sorted(sinks.items()) if some]

    def _focus(self, path: str, sinks: Iterable[Sink]) -> Input:
        """The file without the bodies of functions that send nothing: taint within a function does not need them."""
        return Input(path, self.files[path].module.focused([sink.start for sink in sinks]))

    def _carriers(self) -> Iterator[Parameter]:
        """Parameters from which something flows on, directly or through a protection."""
        for path, facts in self.facts.items():
            onward: dict[str, set[str]] = {}
            for each in facts.edges:
                onward.setdefault(each.source, set()).add(each.target)
            for node in {node.id for node in facts.nodes if node.id.startswith("parameter:")}:
                if any(not door.startswith("protection:") or door in onward for door in onward.get(node, ())):
                    function, _, name = node.removeprefix(parameter_id(path, "", "")[:-1]).rpartition(":")
                    yield Parameter(path, function, name, self._position(path, function, name))

    def _position(self, path: str, function: str, name: str) -> int | None:
        module = self.module(path)
        definition = module.definitions.get(function) if module else None
        if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
            return None
        names = [each.arg for each in [*definition.args.posonlyargs, *definition.args.args]]
        if names[:1] in (["self"], ["cls"]):
            names = names[1:]
        return names.index(name) if name in names else None

    def _calls_of(self, parameters: Iterable[Parameter]) -> dict[str, list[Passed]]:
        """The arguments, in every file that mentions the functions, that are passed for these parameters."""
        wanted: Wanted = {}
        for parameter in parameters:
            wanted.setdefault((parameter.path, parameter.function), []).append(parameter)
        names = frozenset(some[0].called for some in wanted.values())
        paths = [path for path in self.inputs if not names.isdisjoint(self._words[path])] if names else []
        calls = {path: list(self._meant(path, wanted, names)) for path in paths}
        return {path: some for path, some in calls.items() if some and self._open(path)}

    @cached_property
    def _words(self) -> Mapping[str, frozenset[str]]:
        """What each file may call: every name before a parenthesis, or before `as`."""
        return {path: frozenset(map(sys.intern, _CALLED.findall(item.text))) for path, item in self.inputs.items()}

    @cached_property
    def _callees(self) -> Callees:
        return Callees(self.importable, self.module)

    def _meant(self, path: str, wanted: Wanted, names: frozenset[str]) -> Iterator[Passed]:
        """The calls in a file that mean a wanted function, with the argument that is passed for each parameter."""
        module = self.module(path)
        if module is None:
            return
        known = names | {local for local, dotted in module.imports.items() if dotted.rpartition(".")[2] in names}
        for call in module.calls.values():
            if last_name(call.func) in known:
                meant = next((wanted[each] for each in self._callees.of(module, call.func) if each in wanted), ())
                given = ((argument(call, [each.name], each.position), each) for each in meant)
                yield from ((call, value, each) for value, each in given if value is not None)

    def _passed(self, path: str, call: ast.Call, given: ast.expr, parameter: Parameter) -> Sink:
        """Note the call of a wrapper, and give back the argument as a place that data goes to."""
        file, facts = self.files[path], self.facts[path]
        (start, _), (first, last) = span(call), span(given)
        site, here = file.call_id(start), file.location(start)
        facts.nodes.append(call_node(site, call, here))
        facts.edges.append(edge(EdgeKind.FLOWS_TO, site, parameter.node, here))
        return Sink(first, last, site)


def _whole(file: File, found: Found) -> Sink:
    return Sink(found.match.start, found.match.end, file.call_id(found.match.start))


def _too_far(path: str) -> Gap:
    detail = f"data was followed through {_ROUNDS} functions and goes on from there"
    return Gap(path=path, state=State.PARTIAL, reason="unresolved", detail=detail)

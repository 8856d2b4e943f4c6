"""All Python files of a scan together: which function a call means, and the rounds that follow data through functions.

A model call usually sits in a wrapper: `complete(prompt)` in one file, `complete(f"... {patient.notes}")` in another.
The first round finds parameters that reach a model. Each later round takes the calls of those functions as the places
data goes to, and looks only at files that mention their names, until no new function is found.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import PurePosixPath

from petguard import semgrep
from petguard.collect import Input
from petguard.errors import UnreadableInput
from petguard.model import EdgeKind, Gap, Json, State
from petguard.parsers._python_calls import Clients, ai_calls
from petguard.parsers._python_file import Facts, File, Found, argument, call_node, edge
from petguard.parsers._python_flows import Sink, flows, parameter_id
from petguard.parsers._python_module import Module, span
from petguard.parsers._python_rules import (
    call_sinks,
    detectors,
    function_sinks,
    reach,
    search_rules,
    speaks_of_ai,
    taint_rules,
)
from petguard.semgrep import Match

_EVERYWHERE: Mapping[str, Sequence[str]] = {}
Wanted = dict[tuple[str, str], list["Parameter"]]  # by path and dotted name of the function

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
    facts: dict[str, Facts] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    _modules: dict[str, Module | None] = field(default_factory=dict)

    def module(self, path: str) -> Module | None:
        """The syntax tree of a file; None, and a gap, when it cannot be parsed."""
        if path not in self._modules:
            try:
                self._modules[path] = Module(self.inputs[path])
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
            file, facts = self.files[path], self.facts[path]
            file.add(found.get(path, ()))
            facts.calls = ai_calls(file, Clients(file), facts)

    def _open(self, path: str) -> bool:
        """Make a file ready to hold facts; False when it cannot be parsed."""
        module = self.module(path)
        if module is not None and path not in self.files:
            self.files[path], self.facts[path] = File(module), Facts()
        return module is not None

    def _run(
        self, inputs: Sequence[Input], rules: Sequence[Json], only: Mapping[str, Sequence[str]] = _EVERYWHERE
    ) -> dict[str, list[Match]]:
        result = semgrep.run(inputs, rules, language="python", only=only)
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
            sinks = self._calls_of(new)
            rules = taint_rules(function_sinks({parameter.called for parameter in new}))
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

    def _calls_of(self, parameters: Iterable[Parameter]) -> dict[str, list[Sink]]:
        """The arguments, in every file that mentions the functions, that are passed for these parameters."""
        by_function: Wanted = {}
        for parameter in parameters:
            by_function.setdefault((parameter.path, parameter.function), []).append(parameter)
        calls = {path: list(self._meant(path, by_function)) for path in self._mentioning(parameters)}
        return {
            path: [self._passed(path, *each) for each in some]
            for path, some in calls.items()
            if some and self._open(path)
        }

    def _mentioning(self, parameters: Iterable[Parameter]) -> list[str]:
        names = sorted({re.escape(parameter.called) for parameter in parameters})
        mention = re.compile(rf"\b(?:{'|'.join(names)})\b")
        return [path for path, item in self.inputs.items() if names and mention.search(item.text)]

    def _meant(self, path: str, wanted: Wanted) -> Iterator[tuple[ast.Call, ast.expr, Parameter]]:
        """The calls in a file that mean a wanted function, with the argument that is passed for each parameter."""
        module, names = self.module(path), {some[0].called for some in wanted.values()}
        for call in module.calls.values() if module else ():
            if module is not None and _last_name(call) in names:
                meant = next((wanted[each] for each in self.callees(module, call) if each in wanted), ())
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

    def callees(self, module: Module, call: ast.Call) -> Iterator[tuple[str, str]]:
        """The functions of the scanned tree that a call can mean, as (path, dotted name), by import and binding."""
        yield from self._named(module, call.func)
        if not isinstance(call.func, ast.Attribute):
            return
        owner = call.func.value
        if isinstance(owner, ast.Name) and owner.id in {"self", "cls"}:
            yield module.path, f"{module.class_at(call)}.{call.func.attr}"
        made = [bound.func for bound in module.bindings(owner) if isinstance(bound, ast.Call)]
        made += [owner.func] if isinstance(owner, ast.Call) else []
        for maker in [*made, *module.annotations(owner)]:
            yield from ((path, f"{name}.{call.func.attr}") for path, name in self._named(module, maker))

    def _named(self, module: Module, node: ast.expr) -> Iterator[tuple[str, str]]:
        """The definitions that an expression names, here or imported; a class means its constructor, too."""
        if isinstance(node, ast.Name) and node.id in module.definitions:
            yield module.path, node.id
            yield module.path, f"{node.id}.__init__"
        dotted = module.dotted(node)
        for path, name in self._imported(dotted) if dotted else ():
            yield path, name
            yield path, f"{name}.__init__"

    def _imported(self, dotted: str) -> Iterator[tuple[str, str]]:
        parts = dotted.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            paths = self._paths.get(parts[cut - 1], ())
            ending = ".".join(parts[:cut])
            fitting = [path for path, name in paths if name == ending or name.endswith(f".{ending}")]
            # Two files of the same dotted name: which one is imported depends on sys.path, so neither is chosen.
            if len(fitting) == 1:
                yield fitting[0], ".".join(parts[cut:])
                return

    @cached_property
    def _paths(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Every file under the last part of its dotted module name."""
        found: dict[str, list[tuple[str, str]]] = {}
        for path in self.inputs:
            parts = PurePosixPath(path).with_suffix("").parts
            name = parts[:-1] if parts[-1] == "__init__" else parts
            if name:
                found.setdefault(name[-1], []).append((path, ".".join(name)))
        return found


def _last_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _whole(file: File, found: Found) -> Sink:
    return Sink(found.match.start, found.match.end, file.call_id(found.match.start))


def _too_far(path: str) -> Gap:
    detail = f"data was followed through {_ROUNDS} functions and goes on from there"
    return Gap(path=path, state=State.PARTIAL, reason="unresolved", detail=detail)

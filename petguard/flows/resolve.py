"""Which function, class or library a reference means, across the files of a tree: by import, definition, type and base.

Never by a bare name: a function of the same name elsewhere is another function. What cannot be resolved stays unknown,
and whoever asked says so.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Literal

from petguard.flows.budget import Budget, of_tree
from petguard.flows.knowledge import table
from petguard.flows.summary import ClassSummary, FunctionSummary, Ref, Summary

_STEP = re.compile(r"\(\)|\[\]|<\d+>|\.[^.()\[\]<>]+")
_DEPTH = 12  # references that lead to references
_NESTED = 2  # members that are found out for each other, each from a fresh start
_BASES = 64  # classes that one is made from, through all of them
LOOKED_AT = 24  # meanings of one reference
_GO = ".go"  # where a type says nowhere which interfaces it has, and its methods may stand in several files
_CONTAINERS = frozenset(
    [
        "list", "List", "Optional", "Union", "Sequence", "Iterable", "Iterator", "dict", "Dict", "Mapping", "set",
        "Set", "tuple", "Tuple", "Annotated", "Awaitable", "AsyncIterator", "AsyncGenerator", "Generator", "Promise",
        "Array", "ArrayList", "Collection", "Flow", "Flux", "Mono", "Page", "ResponseEntity", "CompletableFuture",
        "Result", "Partial", "Readonly", "Type", "type"
    ])  # fmt: skip

Locate = Callable[[str, str], Sequence[str]]  # the importing file and a module give the files that it means


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reference means: `name` is dotted inside of `path`, or for a library the path that names the call."""

    kind: Literal["function", "class", "object", "module", "library", "parameter"]
    path: str
    name: str
    shift: int = 0  # how many of its first arguments are already given


@dataclass
class Symbols:
    """The definitions of all files. `locate` says which files a module is."""

    summaries: Mapping[str, Summary]
    locate: Locate
    handed: Callable[[Meaning], Iterable[Meaning]] = lambda _one: ()  # what callers pass for a parameter
    _known: dict[tuple[str, Ref], tuple[Meaning, ...]] = field(default_factory=dict)
    _open: set[tuple[str, Ref]] = field(default_factory=set)
    work: Budget = field(init=False)
    deep: set[tuple[str, str]] = field(default_factory=set)  # classes of which not every base is looked at
    shortened: int = 0  # how often an answer was told of which not everything was looked at
    _short: set[tuple[str, Ref]] = field(default_factory=set)  # the references whose answer is such a one
    _cuts: int = 0  # how often a question was left open because it was being asked already
    _children: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    _families: dict[tuple[str, str], tuple[tuple[str, str, ClassSummary | None], ...]] = field(default_factory=dict)
    _climbed: set[tuple[str, str]] = field(default_factory=set)  # the classes whose bases are being asked
    _members: dict[tuple[Meaning, str], tuple[Meaning, ...]] = field(default_factory=dict)
    _short_members: set[tuple[Meaning, str]] = field(default_factory=set)  # those of which not everything is looked at
    _asked: set[tuple[Meaning, str]] = field(default_factory=set)  # the members that are being found out

    def __post_init__(self) -> None:
        """Give the work a bound."""
        self.work = of_tree(self.summaries)

    def settle(self) -> None:
        """Find out which classes are made from which, before anything is asked: a call of an interface needs them."""
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for path, summary in self.summaries.items():
            for name, known in summary.classes.items():
                if known.bases:
                    for where, base, above in list(self.ancestry(path, name))[1:]:
                        if above is not None:
                            found.setdefault((where, base), []).append((path, name))
        for promised, kept in self._promises():
            found.setdefault(promised, []).append(kept)
        self._children = found

    def _promises(self) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
        """The interfaces of Go with the types that have all their methods: nothing else makes a type one of them."""
        methods: dict[tuple[str, str], set[str]] = {}
        homes: dict[tuple[str, str], tuple[str, str]] = {}
        promised: dict[tuple[str, str], set[str]] = {}
        for path, summary in self.summaries.items() if any(each.endswith(_GO) for each in self.summaries) else ():
            for name, function in summary.functions.items():
                if function.owner and path.endswith(_GO):
                    key = path.rpartition("/")[0], function.owner
                    homes.setdefault(key, (path, function.owner))
                    methods.setdefault(key, set()).add(name.rpartition(".")[2])
            for name, known in summary.classes.items() if path.endswith(_GO) else ():
                if known.fields and not known.record:
                    promised[path, name] = set(known.fields)
        having: dict[str, list[tuple[str, str]]] = {}
        for key, own in methods.items():
            for name in own:
                having.setdefault(name, []).append(key)
        for interface, names in promised.items():
            rarest = min((having.get(name, []) for name in names), key=len)  # not every type is asked about all of them
            yield from ((interface, homes[key]) for key in rarest if names <= methods[key])

    def children(self, path: str, name: str) -> Sequence[tuple[str, str]]:
        """The classes that are made from a class, or that implement an interface."""
        return self._children.get((path, name), ())

    def meanings(self, path: str, ref: Ref) -> tuple[Meaning, ...]:
        """Everything that a reference in a file may mean; empty when nobody knows."""
        key = path, ref
        if key in self._known:
            self.shortened += key in self._short
            return self._known[key]
        self.work.spend()
        if key in self._open or len(self._open) > _DEPTH or self.work.is_spent:
            self._cuts += 1
            self.shortened += key not in self._open
            return ()
        self._open.add(key)
        cuts, shortened = self._cuts, self.shortened
        try:
            found = self._resolved(path, ref)
        finally:
            self._open.discard(key)
        if found or not self._open or cuts == self._cuts:
            self._known[key] = found
            if shortened != self.shortened:
                self._short.add(key)
        return found

    def _resolved(self, path: str, ref: Ref) -> tuple[Meaning, ...]:
        root, all_steps = _split(ref)
        modules, steps = self._modules(path, root, all_steps)
        current = modules or tuple(dict.fromkeys(self._root(path, root, steps)))
        for index, step in enumerate(steps):
            if root.startswith("v:") and index == 0 and step[0] in ".[":
                inner = self._variable(path, root[2:] + (step if step[0] == "." else f".{step}"))
                if inner:
                    current = inner
                    continue
            after = [each for one in current for each in self._step(one, step)]
            if index == 0 and root[:2] in ("s:", "t:"):
                after += [each for one in current for each in self._overridden(one, step)]
            current = self._few(after)
        return current

    def _few(self, found: Iterable[Meaning]) -> tuple[Meaning, ...]:
        """As many as are looked at; that there are more is noted."""
        first = _first_distinct(found)
        self.shortened += len(first) > LOOKED_AT
        return first[:LOOKED_AT]

    def _modules(self, path: str, root: Ref, steps: Sequence[str]) -> tuple[tuple[Meaning, ...], Sequence[str]]:
        """The file of `import a.b.c` where it is used as `a.b.c.name`, and the steps from there."""
        if not root.startswith("i:") or not root.endswith("|"):
            return (), steps
        names = list(takewhile(lambda step: step[0] == ".", steps))[:_DEPTH]
        for count in range(len(names), 0, -1):
            module = f"{root[2:-1]}{''.join(names[:count])}"
            files = [each for each in self.locate(path, module) if each in self.summaries]
            if files:
                return tuple(Meaning("module", each, "") for each in files), steps[count:]
        return (), steps

    def _overridden(self, one: Meaning, step: str) -> Iterator[Meaning]:
        """The methods that classes made from this one have in the place of its own: any may be the one that runs."""
        if one.kind != "object" or step[0] != ".":
            return
        for path, name in self.children(one.path, one.name):
            method = f"{name}{step}"
            if method in self.summaries[path].functions:
                yield from self._decorated(Meaning("function", path, method))

    def _root(self, path: str, root: Ref, steps: Sequence[str]) -> Iterable[Meaning]:
        kind, _, name = root.partition(":")
        match kind:
            case "i":
                module, _, imported = name.partition("|")
                found = self._imported(path, module, imported)
            case "l":
                found = self._defined(self.summaries[path], name)
            case "v":
                found = self._variable(path, name)
            case "s":
                found = (Meaning("object", path, name),)
            case "b":
                found = self._based(path, name)
            case "t":
                found = self.typed(path, name)
            case "p":
                found = (Meaning("parameter", path, name),)
            case _:
                found = self._unbound(self.summaries[path], name, steps)
        return found

    def _based(self, path: str, name: str) -> tuple[Meaning, ...]:
        """An object of a class, seen as one of each of its bases."""
        known = self.summaries[path].classes.get(name)
        found = () if known is None else (each for base in known.bases for each in self._base(path, base))
        return tuple(each for one in found for each in self._called(one) if one.kind in ("class", "library"))

    def _unbound(self, summary: Summary, name: str, steps: Sequence[str]) -> tuple[Meaning, ...]:
        found = self._opened(summary, name)
        is_known = table().remote.fullmatch(name) is not None or table().recipient(name) is not None
        is_library = is_known or (steps and "." not in name)  # `fetch(...)`, `gtag(...)`, `console.log(...)`
        return found or ((Meaning("library", "", name),) if is_library else ())

    def _defined(self, summary: Summary, name: str) -> tuple[Meaning, ...]:
        if name in summary.classes:
            return (Meaning("class", summary.path, name),)
        if name in summary.functions:
            return self._decorated(Meaning("function", summary.path, name))
        return ()

    def _decorated(self, one: Meaning) -> tuple[Meaning, ...]:
        """A function, and those of the tree that its decorators put in its place."""
        wrapped = self.summaries[one.path].functions[one.name].wrapped
        found = [each for ref in wrapped for each in self.meanings(one.path, ref) if each.kind == "function"]
        return (one, *found)

    def _variable(self, path: str, name: str) -> tuple[Meaning, ...]:
        refs = self.summaries[path].refs.get(name, ())
        return tuple(each for ref in refs for each in self.meanings(path, ref))

    def _opened(self, summary: Summary, name: str) -> tuple[Meaning, ...]:
        """A name that the file does not bind: from a module that is opened for it, or of the same package."""
        for module in summary.opened:
            for path in self.locate(summary.path, module):
                found = self.symbol(path, name)
                if found:
                    return found
        for path in self.locate(summary.path, ""):
            if path != summary.path:
                found = self._defined(self.summaries[path], name)
                if found:
                    return found
        return ()

    def _imported(self, importer: str, module: str, name: str) -> tuple[Meaning, ...]:
        files = [path for path in self.locate(importer, module) if path in self.summaries]
        if not name:
            return tuple(Meaning("module", path, "") for path in files) or (Meaning("library", "", module),)
        for path in files:
            found = self.symbol(path, name)
            if found:
                return found
        inner = [path for path in self.locate(importer, _joined(module, name)) if path in self.summaries]
        if inner:
            return tuple(Meaning("module", path, "") for path in inner)
        return () if files else (Meaning("library", "", _joined(module, name)),)

    def symbol(self, path: str, name: str) -> tuple[Meaning, ...]:
        """What a name of a file means to those who import it."""
        summary = self.summaries[path]
        first, _, rest = name.partition(".")
        found = self._exported(summary, first)
        for step in (f".{each}" for each in rest.split(".") if each):
            found = tuple(each for one in found for each in self._step(one, step))
        return found

    def _exported(self, summary: Summary, name: str) -> tuple[Meaning, ...]:
        if name in summary.exports:
            module, local = summary.exports[name]
            if module:
                return self.meanings(summary.path, f"i:{module}|{'' if local == '*' else local}|")
            if local != name:
                return self._exported(summary, local)
        found = self._defined(summary, name) or self._variable(summary.path, name)
        if found:
            return found
        if name in summary.imports:
            module, imported = summary.imports[name]
            return self.meanings(summary.path, f"i:{module}|{imported}|")
        return self._behind_star(summary, name)

    def _behind_star(self, summary: Summary, name: str) -> tuple[Meaning, ...]:
        opened = [*summary.opened, *(module for module, local in summary.exports.values() if local == "*" and module)]
        for module in opened:
            for path in self.locate(summary.path, module):
                if path != summary.path and path in self.summaries:
                    found = self._behind(path, name)
                    if found:
                        return found
        return ()

    def _behind(self, path: str, name: str) -> tuple[Meaning, ...]:
        """A name of a file that is opened; files that open each other end the search."""
        key = path, f"*{name}"
        if key in self._open or len(self._open) > _DEPTH:
            self._cuts += 1
            return ()
        self._open.add(key)
        try:
            return self._exported(self.summaries[path], name)
        finally:
            self._open.discard(key)

    def typed(self, path: str, name: str) -> tuple[Meaning, ...]:
        """An object of the class that a type names in a file."""
        first, _, rest = name.partition(".")
        if first in _CONTAINERS:
            return ()
        summary = self.summaries[path]
        found = self._exported(summary, first) or self._opened(summary, first)
        for step in (f".{each}" for each in rest.split(".") if each):
            found = tuple(each for one in found for each in self._step(one, step))
        return tuple(each for one in found if one.kind in ("class", "library") for each in self._step(one, "()"))

    def _step(self, one: Meaning, step: str) -> Iterable[Meaning]:
        if step == "[]":
            return (one,)
        if step[0] == "<":
            return (replace(one, shift=one.shift + int(step[1:-1])),)
        if step == "()":
            return self._called(one)
        return self._member(one, step[1:])

    def _called(self, one: Meaning) -> Iterable[Meaning]:
        if one.kind == "class":
            return (Meaning("object", one.path, one.name),)
        if one.kind == "library":
            return (Meaning("library", "", f"{one.name}()"),)
        if one.kind == "function":
            return self.returned(one)
        if one.kind in ("object", "module"):
            return tuple(each for found in self.callable(one) for each in self._called(found))
        return ()

    def callable(self, one: Meaning) -> Iterable[Meaning]:
        """What runs when this is called: of an object its `__call__`, of a module what it exports as a whole."""
        if one.kind == "module":
            return self.symbol(one.path, "default")
        return self._member(one, "__call__") if one.kind == "object" else (one,)

    def returned(self, one: Meaning) -> tuple[Meaning, ...]:
        """What a function of the tree gives back: by what stands after `return`, and by its declared type."""
        function = self.summaries[one.path].functions[one.name]
        found = [each for ref in function.refs for each in self.meanings(one.path, ref)]
        found += [each for name in function.returns for each in self.typed(one.path, name)]
        return tuple(dict.fromkeys(found))

    def _member(self, one: Meaning, name: str) -> Iterable[Meaning]:
        if one.kind == "library":
            return (Meaning("library", "", f"{one.name}.{name}"),)
        if one.kind == "module":
            return self.symbol(one.path, name) or self._submodule(one, name) or self._of_default(one, name)
        if one.kind in ("object", "class"):
            return self._of_class(one, name)
        return (each for given in self.handed(one) for each in self._member(given, name))

    def forget(self) -> None:
        """Find out again what was not known: there is more now of what callers pass."""
        self._known = {key: found for key, found in self._known.items() if found or key[1][:2] in ("n:", "i:")}
        self._members.clear()
        self._short_members.clear()

    def _of_default(self, one: Meaning, name: str) -> tuple[Meaning, ...]:
        """A member of what a module exports as a whole: `module.exports = new Client()`."""
        whole = self.symbol(one.path, "default") if name != "default" else ()
        return tuple(each for found in whole for each in self._step(found, f".{name}"))

    def _submodule(self, one: Meaning, name: str) -> tuple[Meaning, ...]:
        files = self.locate(one.path, f".{name}") if one.path.endswith("__init__.py") else ()
        return tuple(Meaning("module", path, "") for path in files if path in self.summaries)

    def _of_class(self, one: Meaning, name: str) -> tuple[Meaning, ...]:
        """A member of a class, found out once for all references to it.

        For that it is asked as if nothing else was being asked, or what leads back to those would be missing.
        """
        key = one, name
        if key in self._members:
            self.shortened += key in self._short_members
            return self._members[key]
        if key in self._asked or len(self._asked) >= _NESTED:
            return self._had(one, name)
        outer, self._open = self._open, set()
        shortened = self.shortened
        self._asked.add(key)
        try:
            self._members[key] = self._had(one, name)
        finally:
            self._open = outer
            self._asked.discard(key)
        if shortened != self.shortened:
            self._short_members.add(key)
        return self._members[key]

    def _had(self, one: Meaning, name: str) -> tuple[Meaning, ...]:
        """A member of a class; of one that only promises it (an interface), what its implementations have."""
        found = tuple(dict.fromkeys(self._inherited(one, name)))
        if found:
            return found
        below = (replace(one, path=path, name=each) for path, each in self.children(one.path, one.name))
        return _first_distinct(each for child in below for each in self._inherited(child, name))

    def _inherited(self, one: Meaning, name: str) -> Iterable[Meaning]:
        for path, owner, known in self.ancestry(one.path, one.name):
            if known is None:
                yield Meaning("library", "", f"{owner}().{name}")
                return
            method = f"{owner}.{name}"
            function = self.summaries[path].functions.get(method)
            if function is not None:
                found = Meaning("function", path, method, -1 if one.kind == "class" and function.takes_object else 0)
                yield from self.returned(found) if function.reads_as_field else self._decorated(found)
                return
            if known.refs.get(name):
                yield from (each for ref in known.refs[name] for each in self.meanings(path, ref))
                return
            if f"{owner}.{name}" in self.summaries[path].classes:
                yield Meaning("class", path, method)
                return

    def ancestry(self, path: str, name: str) -> Iterable[tuple[str, str, ClassSummary | None]]:
        """A class and its bases, nearest first; one of a library comes last, without a summary."""
        key = path, name
        if key in self._families:
            return self._families[key]
        if key in self._climbed:
            self._cuts += 1
            return ()
        cuts = self._cuts
        self._climbed.add(key)
        try:
            found = tuple(self._bases(path, name))
        finally:
            self._climbed.discard(key)
        if cuts == self._cuts or not (self._open or self._climbed):  # else what is being asked now may be missing
            self._families[key] = found
        return found

    def _bases(self, path: str, name: str) -> Iterator[tuple[str, str, ClassSummary | None]]:
        pending: list[tuple[str, str]] = [(path, name)]
        seen: set[tuple[str, str]] = set()
        libraries: list[str] = []
        while pending and len(seen) < _BASES:
            here = pending.pop(0)
            known = self.summaries[here[0]].classes.get(here[1])
            if known is None or here in seen:
                continue
            seen.add(here)
            yield (*here, known)
            pending += self._pieces(*here)
            for base in known.bases:
                for each in self._base(here[0], base):
                    if each.kind == "class":
                        pending.append((each.path, each.name))
                    elif each.kind == "library":
                        libraries.append(each.name)
        if pending and len(seen) == _BASES:
            self.deep.add((path, name))
        yield from (("", each, None) for each in libraries)

    def _pieces(self, path: str, name: str) -> list[tuple[str, str]]:
        """The other files of a package of Go in which methods of a type stand."""
        beside = self.locate(path, "") if path.endswith(_GO) else ()
        return [(each, name) for each in beside if each != path and name in self.summaries[each].classes]

    def _base(self, path: str, base: str) -> tuple[Meaning, ...]:
        first, _, rest = base.partition(".")
        summary = self.summaries[path]
        found = self._exported(summary, first) or self._opened(summary, first)
        for step in (f".{each}" for each in rest.split(".") if each):
            found = tuple(each for one in found for each in self._step(one, step))
        return found

    def function(self, one: Meaning) -> FunctionSummary:
        """The summary of a function."""
        return self.summaries[one.path].functions[one.name]

    def is_module(self, path: str, module: str, name: str) -> bool:
        """Whether what is imported is a file of the tree and not something in one."""
        return any(each.kind == "module" for each in self._imported(path, module, name))


def _first_distinct(found: Iterable[Meaning]) -> tuple[Meaning, ...]:
    """The meanings that are looked at, and one more where there are more."""
    distinct: dict[Meaning, None] = {}
    for each in found:
        distinct[each] = None
        if len(distinct) > LOOKED_AT:
            break
    return tuple(distinct)


def _split(ref: Ref) -> tuple[Ref, list[str]]:
    """The root of a reference, and the steps from there."""
    root, _, steps = ref.rpartition("|")
    return root, _STEP.findall(steps)


def as_library(ref: Ref) -> str:
    """The path of what a reference calls, if that is in a library; empty for what needs other files to be told."""
    root, steps = ref.rpartition("|")[::2]
    kind, _, name = root.partition(":")
    module, _, imported = name.partition("|")
    start = {"i": _joined(module, imported) if imported else module, "n": name}.get(kind, "")
    return f"{start}{steps}" if start else ""


def _joined(module: str, name: str) -> str:
    if name == "default":
        return module
    return f"{module}{name}" if module.endswith(".") and set(module) == {"."} else f"{module}.{name}"

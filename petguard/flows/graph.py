"""All files together: which value can come from which, asked backwards from where data leaves, only as far as needed.

A node is an atom with the path of its file after the kind. Beside the kinds of `summary` there are `a` (what a call
passes in one slot) and `k` (what a safeguard gives back).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from petguard import taxonomy
from petguard.flows.budget import of_tree
from petguard.flows.carriage import CHOOSES, MAPS, RUNS, Carriage, counted, last_name, registers
from petguard.flows.guards import find
from petguard.flows.knowledge import Data, table
from petguard.flows.links import Caller, Links
from petguard.flows.resolve import Meaning, Symbols
from petguard.flows.returns import Returns, entered, went_in
from petguard.flows.summary import ENTRIES, PAIRS, Atom, Atoms, ClassSummary, Site, Summary, Write
from petguard.flows.told import NOTHING_TOLD, Told
from petguard.flows.values import ELEMENT, INNER, NOTHING, of_field, select

Node = tuple[str | int, ...]
KINDS = {"k": 3, "s": 4}  # the length of a node that may also stand for what it is on behalf of one call
_ONWARD = 3  # files that hand on a variable of another file
_MAKES_ROW = re.compile(r"a?(?:create|(?:get|update)_or_create|insert|upsert)|createMany|insertOne|create_or_update")
_GIVEN_BY_STORE = re.compile(r"id|uuid|pk|\w{1,40}(?:_id|Id)|(?:created|updated)_?[aA]t|slug")
_GETTER = re.compile(r"get_?([A-Za-z])(\w*)")
# Parts of a result that say how a call went, not what it was given: `const { error } = await auth.signUp({ email })`.
_HOW_IT_WENT = frozenset(
    [
        "error", "err", "errors", "exception", "isError", "is_error", "ok", "success", "status", "statusCode",
        "statusText", "status_code", "returncode", "exitCode", "exit_code",
    ]
)  # fmt: skip
_ALL = Data()
PUTS = ">"  # before the name of a parameter, as the part of an outcome that a function puts into it


class Graph:
    """The values of a tree. `answers` are the calls, by path and number, whose result is somebody else's words."""

    def __init__(self, summaries: Mapping[str, Summary], symbols: Symbols, told: Told = NOTHING_TOLD) -> None:
        self.summaries, self.symbols, self.told = summaries, symbols, told
        self.answers: frozenset[tuple[str, int]] = frozenset()
        self._orders: dict[tuple[str, str], tuple[str, ...]] = {}
        self.work = of_tree(summaries)
        self.links = Links(summaries, symbols)
        self.links.build()
        self.safeguards, self.idle = find(self.links)

    def site(self, path: str, number: int) -> Site:
        """The call with this number in a file."""
        return self.summaries[path].sites[number]

    @cached_property
    def returns(self) -> Returns:
        """What the functions give back."""
        return Returns(self)

    def before(self, node: Node) -> Iterator[Node]:
        """The nodes whose values may come to a node directly."""
        self.work.spend()
        behind = self._befores.get(str(node[0]))
        return iter(()) if behind is None else behind(node)

    @cached_property
    def _befores(self) -> Mapping[str, Callable[[Node], Iterator[Node]]]:
        """How to look behind a node, by its kind."""
        return {
            "p": self._passed,
            "a": self._given,
            "c": self._result,
            "k": self._guarded,
            "f": self._attribute,
            "g": self._variable,
            "o": self._put_by_callee,
            "s": self._named_again,
            "u": self._bundled,
        }

    def _guarded(self, node: Node) -> Iterator[Node]:
        """What went into a safeguard; inside of a function only what one of its calls brought."""
        if len(node) > KINDS["k"]:
            return self._for_one_call(node)
        path, number = str(node[1]), int(node[2])
        given = list(self.arguments(path, number, self.safeguards[path, number]))
        return iter(given or list(self.arguments(path, number, Data(receiver_too=True))))  # `record.redact()`

    def _variable(self, node: Node) -> Iterator[Node]:
        _, path, name, part = (str(each) for each in node)
        kept = self.summaries[path].keeps.get(name, {})
        yield from self.at(path, select(tuple(kept.items()), part))
        for known, nodes in self._written_parts.get((path, name), {}).items():
            if not part or known in ("", ELEMENT, part.partition(INNER)[0]):
                yield from nodes

    @cached_property
    def _written(self) -> Mapping[Node, Iterable[Node]]:
        """What is put into variables and attributes from elsewhere."""
        found: dict[Node, dict[Node, None]] = defaultdict(dict)
        for path, summary in self.summaries.items():
            for write in summary.writes:
                nodes = dict.fromkeys(self.at(path, write.atoms))
                for target in self._targets(path, write):
                    found[target].update(nodes)
        return found

    @cached_property
    def _written_parts(self) -> Mapping[tuple[str, str], Mapping[str, Iterable[Node]]]:
        """What is put into variables of files, by the part that it is put into."""
        found: dict[tuple[str, str], dict[str, Iterable[Node]]] = defaultdict(dict)
        for (kind, path, name, part), nodes in self._written.items():
            if kind == "g":
                found[str(path), str(name)][str(part)] = nodes
        return found

    def _targets(self, path: str, write: Write) -> Iterator[Node]:
        for node in self.at(path, write.into):
            if node[0] != "g" or not self._is_store(str(node[1]), str(node[2])):
                yield node[:4]
        for one in (each for ref in write.refs for each in self.symbols.meanings(path, ref)):
            if one.kind in ("object", "class"):
                yield "f", one.path, one.name, write.name
            elif one.kind == "module":
                yield "g", one.path, write.name, ""

    def _is_store(self, path: str, name: str) -> bool:
        """Whether a variable is the client of a database: what is put there and read again is not followed."""
        found = self.symbols.meanings(path, f"v:{name}|")
        return any(one.kind == "library" and table().remote.fullmatch(f"{one.name}.set") for one in found)

    def plain(self, node: Node) -> Node:
        """A node whoever calls the function that it is in."""
        return node[: KINDS[str(node[0])]]

    def _for_one_call(self, node: Node) -> Iterator[Node]:
        length = KINDS[str(node[0])]
        path, site, callback, shift, *key = node[length:]
        caller = Caller(str(path), int(site), str(callback), int(shift))
        where, function, part = (str(each) for each in key)
        return went_in(self.returns, node[:length], caller, (where, function, part))

    def _named_again(self, node: Node) -> Iterator[Node]:
        if len(node) > KINDS["s"]:
            return self._for_one_call(node)
        path = str(node[1])
        return self.at(path, of_field(self.summaries[path].sources[int(node[2])].over, str(node[3])))

    def _bundled(self, node: Node) -> Iterator[Node]:
        path = str(node[1])
        return self.at(path, of_field(self.summaries[path].bundles[int(node[2])], str(node[3])))

    def at(self, path: str, atoms: Atoms) -> Iterator[Node]:
        """The nodes that atoms of a file are."""
        for atom in sorted(atoms, key=repr):
            if atom[0] == "i":
                yield from self._imported(path, atom)
            else:
                yield (atom[0], path, *atom[1:])

    def _imported(self, path: str, atom: Atom) -> Iterator[Node]:
        """A variable of another file, also through those that hand it on."""
        _, module, name, part = (str(each) for each in atom)
        for _ in range(_ONWARD):
            files = [each for each in self.symbols.locate(path, module) if each in self.summaries]
            for each in files:
                found = self._of_file(each, name, part)
                if found is not None:
                    yield found
                    return
            onward = next((self.summaries[each].imports.get(name) for each in files), None)
            if onward is None:
                inner = self.symbols.locate(path, f"{module}.{name}") if part else ()
                kept, _, rest = part.partition(INNER)
                yield from (("g", each, kept, rest) for each in inner if kept in self.summaries[each].keeps)
                return
            path, (module, name) = files[0], onward

    def _of_file(self, path: str, name: str, part: str) -> Node | None:
        """A variable of a file, or an attribute of a class in it; without a name the part is the variable."""
        outer, _, inner = part.partition(INNER)
        if not name:
            return ("g", path, outer, inner) if outer in self.summaries[path].keeps else None
        if name in self.summaries[path].keeps:
            return "g", path, name, part
        return ("f", path, name, outer, inner) if part and name in self.summaries[path].classes else None

    def _passed(self, node: Node) -> Iterator[Node]:
        _, path, function, parameter, part = (str(each) for each in node)
        summary = self.summaries[path].functions.get(function)
        if summary is None:
            return
        yield from self.at(path, select(summary.defaults.get(parameter, ()), part))
        for caller in self.links.callers.get((path, function), ()):
            self.work.spend()
            for argument, its in self.links.arrivals(caller, path, function, parameter, part):
                yield ("a", caller.path, caller.site, argument.slot, its)

    def _given(self, node: Node) -> Iterator[Node]:
        _, path, number, slot, part = node
        for argument in self.site(str(path), int(number)).arguments:
            if argument.slot == slot:
                yield from self.at(str(path), select(argument.given, str(part)))

    def _result(self, node: Node) -> Iterator[Node]:
        for caller, path, function, part in self.runs(node):
            yield from entered(self.returns, caller, (path, function, part))
        yield from self.beside_functions(node)

    def runs(self, node: Node) -> Iterator[tuple[Caller, str, str, str]]:
        """The functions of the tree whose result a call gives back, with the part that is asked for."""
        _, path, number, part = node
        key = str(path), int(number)
        if key in self.answers or key in self.safeguards:
            return
        functions = [one for one in self.links.meanings[key] if one.kind == "function"]
        for one in functions:
            yield Caller(*key, shift=one.shift), one.path, one.name, str(part)
        if not any(one.kind in ("function", "class") for one in self.links.meanings[key]):
            site = self.site(*key)
            if CHOOSES.fullmatch(last_name(site)) is None and not registers(site):
                for slot, one in self._handed_over(*key):
                    yield Caller(*key, slot), one.path, one.name, str(part)

    def _handed_over(self, path: str, number: int) -> list[tuple[str, Meaning]]:
        """The functions that a call is given, with their slots."""
        runs = RUNS.fullmatch(last_name(self.site(path, number))) is not None
        arguments = self.site(path, number).arguments
        given = [(each, self.links.functions(path, each, handed=runs)) for each in arguments if each.refs]
        return [(each.slot, one) for each, found in given for one in found]

    def beside_functions(self, node: Node) -> Iterator[Node]:
        """What a call gives back that is not the result of a function of the tree."""
        path, number, part = str(node[1]), int(node[2]), str(node[3])
        if (path, number) in self.answers:
            return
        if (path, number) in self.safeguards:
            leaves = self.site(path, number).leaves
            if not part or not leaves:
                yield ("k", path, number)
            elif part not in leaves:  # the other parts are what they were
                for argument in self.site(path, number).arguments:
                    yield from self.at(path, select(argument.given, part))
            return
        found = self.links.meanings[path, number]
        for one in found:
            if one.kind == "class":
                yield from self._made(one, path, number, part)
        if not any(one.kind in ("function", "class") for one in found):
            yield from self._from_library(path, number, part)

    def given_back(self, path: str, function: str, part: str) -> Iterator[Node]:
        """What stands after `return` in a function, or what it puts into a parameter."""
        known = self.summaries[path].functions[function]
        if part.startswith(PUTS):
            return self.at(path, NOTHING.union(*known.puts[part.removeprefix(PUTS)].values()))
        return self.at(path, select(tuple(known.gives.items()), part))

    def arriving(self, caller: Caller, path: str, function: str, through: Iterable[tuple[str, str]]) -> Iterator[Node]:
        """What one call passes for some parameters of a function."""
        for parameter, part in sorted(through):
            for argument, its in self.links.arrivals(caller, path, function, parameter, part):
                yield ("a", caller.path, caller.site, argument.slot, its)

    def renames(self, node: Node, path: str) -> bool:
        """Whether a source gives a name to what came from elsewhere."""
        source = self.summaries[path].sources[int(node[2])] if node[1] == path else None
        return source is not None and source.kind != "file" and bool(source.over)

    def is_parameter(self, node: Node, path: str, function: str) -> bool:
        """Whether a source is no more than a parameter's own name."""
        if node[1] != path:
            return False
        source = self.summaries[path].sources[int(node[2])]
        own = {("p", function, name, "") for name, _ in self.summaries[path].functions[function].parameters}
        return source.kind != "file" and len(source.over) == 1 and source.over <= own

    def _made(self, one: Meaning, path: str, number: int, part: str) -> Iterator[Node]:
        """What an object of a class of the tree holds."""
        if not part:
            yield from self.arguments(path, number, _ALL)
            return
        outer, _, inner = part.partition(INNER)
        yield ("f", one.path, one.name, outer, inner)
        yield from self._for_field((one.path, one.name), (path, number), outer, inner)
        for where, owner, known in self.symbols.ancestry(one.path, one.name):
            if known is not None and f"{owner}.__getitem__" in self.summaries[where].functions:
                yield from self.given_back(where, f"{owner}.__getitem__", "")

    def _for_field(self, owner: tuple[str, str], call: tuple[str, int], name: str, inner: str) -> Iterator[Node]:
        """The argument of a constructor that fills a field, or a part of that."""
        order, (path, number) = self._order(*owner), call
        for argument in self.site(path, number).arguments:
            slot = argument.slot
            position = int(slot) if slot.isdigit() else -1
            if slot == name or (0 <= position < len(order) and order[position] == name):
                yield ("a", path, number, slot, inner)
            elif slot == "**" or (position == 0 and name in argument.names):
                yield ("a", path, number, slot, f"{name}{INNER}{inner}" if inner else name)

    def _order(self, where: str, owner: str) -> Sequence[str]:
        """The fields of a record in the order in which its constructor takes them; none for another class."""
        key = where, owner
        if key not in self._orders:
            line = [known for _, _, known in self.symbols.ancestry(where, owner) if known is not None]
            is_record = any(known.record for known in line)
            fields = dict.fromkeys(each for known in reversed(line) for each in known.fields)
            self._orders[key] = tuple(fields) if is_record else ()
        return self._orders[key]

    def _from_library(self, path: str, number: int, part: str) -> Iterator[Node]:
        """What a call gives back that leaves the tree: by default all that it was given."""
        site, carriage = self.site(path, number), Carriage(self.links, path, number)
        name = last_name(site)
        if carriage.drops(name) or (MAPS.fullmatch(name) and self._handed_over(path, number)):
            return
        if name in PAIRS and all(each.slot == "self" for each in site.arguments):
            return  # what is in the pairs is known by itself, and the keys carry nothing
        if part in _HOW_IT_WENT and not any(part in argument.names for argument in site.arguments):
            return
        if part and _MAKES_ROW.fullmatch(name) and site.arguments:
            yield from self._of_new_row(path, number, part)
            return
        inner = part if carriage.same(name) or name in ENTRIES else self._read_by(path, number, name)
        for argument in site.arguments:
            if argument.slot == "self" or not carriage.looks_up(name):
                yield from self.at(path, select(argument.given, inner))

    def _of_new_row(self, path: str, number: int, part: str) -> Iterator[Node]:
        """A column of a row that a call made; its key and times come from the database."""
        for argument in self.site(path, number).arguments:
            if argument.slot == part:
                yield from self.at(path, select(argument.given, ""))
            elif part in argument.names:
                yield from self.at(path, select(argument.given, part))
            elif argument.slot != "self" and not argument.slot.isidentifier() and not _GIVEN_BY_STORE.fullmatch(part):
                yield from self.at(path, select(argument.given, ""))

    def _read_by(self, path: str, number: int, name: str) -> str:
        """The field that `p.getPlan()` or `p.plan()` reads of an object whose class nobody could tell; else nothing."""
        getter = _GETTER.fullmatch(name)
        field = getter[1].lower() + getter[2] if getter else name
        is_read = all(each.slot == "self" for each in self.site(path, number).arguments)
        is_one = field in self._fields and not self.links.meanings[path, number]
        return field if is_read and (is_one or taxonomy.possible(field)) else ""

    @cached_property
    def _fields(self) -> frozenset[str]:
        """The names of the fields that classes of the tree declare."""
        classes = (known for each in self.summaries.values() for known in each.classes.values())
        return frozenset(name for known in classes for name in known.fields)

    def arguments(self, path: str, number: int, data: Data) -> Iterator[Node]:
        """What a call is given in the arguments that count."""
        for argument in self.site(path, number).arguments:
            if argument.slot != "self":
                yield from self.at(path, counted(argument, data))
            elif data.receiver_too or data.itself:
                yield from self.at(path, select(argument.given, ""))

    def results(self, path: str, number: int) -> Iterator[Node]:
        """What the functions give back that a call is given, whoever calls them."""
        for _, one in self._handed_over(path, number):
            yield from self.given_back(one.path, one.name, "")

    def _attribute(self, node: Node) -> Iterator[Node]:
        _, path, owner, name, part = (str(each) for each in node)
        for where, each, known in self._family(path, owner):
            kept = known.keeps.get(name, {})
            yield from self.at(where, select(tuple(kept.items()), part))
            yield from self._written.get(("f", where, each, name), ())
            computed = self.summaries[where].functions.get(f"{each}.{name}")
            if computed is not None and computed.reads_as_field:
                yield from self.given_back(where, f"{each}.{name}", part)
            if known.record:
                for there, number in self.links.makers.get((where, each), ()):
                    self.work.spend()
                    yield from self._for_field((where, each), (there, number), name, part)

    def _family(self, path: str, owner: str) -> Iterator[tuple[str, str, ClassSummary]]:
        """A class, its bases and the classes that are made from it: they share their attributes."""
        for where, name, known in self.symbols.ancestry(path, owner):
            if known is not None:
                yield where, name, known
        for where, name in self.symbols.children(path, owner):
            yield where, name, self.summaries[where].classes[name]

    def _put_by_callee(self, node: Node) -> Iterator[Node]:
        for caller, key in self.fillers(node):
            yield from entered(self.returns, caller, key)

    def fillers(self, node: Node) -> Iterator[tuple[Caller, tuple[str, str, str]]]:
        """The functions that put something into what a call gives them, and which part of their outcome that is."""
        path, number, slot = str(node[1]), int(node[2]), str(node[3])
        for one in self.links.meanings[path, number]:
            if one.kind != "function":
                continue
            summary = self.symbols.function(one)
            names = [name for name, _ in summary.parameters]
            position = int(slot) + one.shift if slot.isdigit() else len(names)
            parameter = names[position] if position < len(names) else slot
            if parameter in summary.puts:
                yield Caller(path, number, shift=one.shift), (one.path, one.name, f"{PUTS}{parameter}")

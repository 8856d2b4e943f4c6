"""What each call of a tree means, and who calls whom, functions that are passed around included."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from petguard.flows.resolve import Meaning, Symbols
from petguard.flows.summary import Argument, FunctionSummary, Site, Summary
from petguard.flows.values import INNER

_CALLBACK_ROUNDS = 3
_MANY_OBJECTS = 24
_MANY_CALLED = 24  # functions that one call of a parameter may mean; with more it is a gap
_MAY_BE_HANDED = ("p:", "s:", "l:", "v:")
_MANY_HANDED = 300  # meanings that are looked through for one function that is handed over


@dataclass(frozen=True)
class Caller:
    """A call that runs a function; `callback` is the slot in which the function was handed over, if it was."""

    path: str
    site: int
    callback: str = ""
    shift: int = 0  # how many of its first arguments were given before


@dataclass
class Links:
    """The calls of all files, by path and number."""

    summaries: Mapping[str, Summary]
    symbols: Symbols
    meanings: dict[tuple[str, int], tuple[Meaning, ...]] = field(default_factory=dict)
    callers: dict[tuple[str, str], list[Caller]] = field(default_factory=lambda: defaultdict(list))
    makers: dict[tuple[str, str], list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    short: set[tuple[str, int]] = field(default_factory=set)  # calls of which not every meaning is looked at
    _behind: dict[Meaning, tuple[Meaning, ...]] = field(default_factory=dict)
    _more_behind: set[Meaning] = field(default_factory=set)  # the parameters of which not everything that is passed is
    _passed: dict[Meaning, tuple[Meaning, ...]] = field(default_factory=dict)

    def build(self) -> None:
        """Find out what each call means and who calls whom; then again for functions that are passed around."""
        self.symbols.settle()
        for path, summary in self.summaries.items():
            for number, site in enumerate(summary.sites):
                self._enter(path, number, site)
        for _ in range(_CALLBACK_ROUNDS):
            if not (self._callbacks() | self._members()):
                break

    def _members(self) -> bool:
        """Link calls of methods of what callers pass: `def ask(client, prompt): client.create(prompt)`."""
        news = False
        self._behind.clear()
        self._more_behind.clear()
        self._passed.clear()
        self.symbols.handed = self._objects
        self.symbols.forget()
        for (path, number), found in list(self.meanings.items()):
            site = self.summaries[path].sites[number]
            if not found and any(ref.startswith(_MAY_BE_HANDED) for ref in site.refs):
                self._enter(path, number, site)
                news |= bool(self.meanings[path, number])
        return news

    def _objects(self, one: Meaning) -> Iterable[Meaning]:
        """The objects and modules that callers pass for a parameter, however far away."""
        if one.kind != "parameter":
            return ()
        if one not in self._behind:
            self._behind[one] = ()  # of one that is passed on in a circle nothing more is known
            shortened = self.symbols.shortened
            known = [each for each in self._all_handed([one]) if each.kind not in ("parameter", "function")]
            self._behind[one] = tuple(known[:_MANY_OBJECTS])
            if len(known) > _MANY_OBJECTS or shortened != self.symbols.shortened:
                self._more_behind.add(one)
        self.symbols.shortened += one in self._more_behind
        return self._behind[one]

    def _enter(self, path: str, number: int, site: Site) -> None:
        shortened = self.symbols.shortened
        meant = (each for ref in site.refs for each in self.symbols.meanings(path, ref))
        found = tuple(dict.fromkeys(each for one in meant for each in self.symbols.callable(one)))
        self.meanings[path, number] = found
        if shortened != self.symbols.shortened:
            self.short.add((path, number))
        for one in found:
            self._link(one, path, number)
        if not any(one.kind in ("function", "class") for one in found):
            for argument in site.arguments:
                for one in self.functions(path, argument, handed=False):
                    self.callers[one.path, one.name].append(Caller(path, number, argument.slot))

    def _link(self, one: Meaning, path: str, number: int) -> None:
        if one.kind == "function":
            self.callers[one.path, one.name].append(Caller(path, number, shift=one.shift))
        elif one.kind == "class":
            self.makers[one.path, one.name].append((path, number))
            for where, owner, known in self.symbols.ancestry(one.path, one.name):
                if known is not None and f"{owner}.__init__" in self.summaries[where].functions:
                    self.callers[where, f"{owner}.__init__"].append(Caller(path, number))
                    break

    def functions(self, path: str, argument: Argument, *, handed: bool = True) -> list[Meaning]:
        """The functions of the tree that an argument hands over, also those that were `handed` to the caller."""
        meant = [each for ref in argument.refs for each in self.symbols.meanings(path, ref)]
        return [each for each in (self._all_handed(meant) if handed else meant) if each.kind == "function"]

    def _all_handed(self, meant: Iterable[Meaning]) -> Iterable[Meaning]:
        """All of these, and for parameters what callers pass, also those that were given it themselves."""
        seen = dict.fromkeys(meant)
        pending = [each for each in seen if each.kind == "parameter"]
        while pending and len(seen) < _MANY_HANDED and not self.symbols.work.is_spent:
            new = [each for each in self._handed(pending.pop()) if each not in seen]
            seen.update(dict.fromkeys(new))
            pending += [each for each in new if each.kind == "parameter"]
        self.symbols.shortened += bool(pending)
        return seen

    def _handed(self, one: Meaning) -> tuple[Meaning, ...]:
        """What callers pass for a parameter."""
        if one not in self._passed:
            self._passed[one] = ()
            self._passed[one] = tuple(dict.fromkeys(self._passed_for(one)))
        return self._passed[one]

    def _passed_for(self, one: Meaning) -> Iterator[Meaning]:
        function, _, parameter = one.name.partition("|")
        for caller in self.callers.get((one.path, function), ()):
            self.symbols.work.spend()
            for argument in self.bound(caller, one.path, function, parameter):
                for ref in argument.refs:
                    for each in self.symbols.meanings(caller.path, ref):
                        yield replace(each, shift=each.shift + one.shift) if one.shift else each

    def _callbacks(self) -> bool:
        """Link calls of parameters with the functions that callers pass for them; whether that linked anything new."""
        news = False
        for (path, number), found in list(self.meanings.items()):
            if any(one.kind == "parameter" for one in found):
                news |= self._passed_functions(path, number)
        return news

    def _passed_functions(self, path: str, number: int) -> bool:
        called = Argument("", refs=self.summaries[path].sites[number].refs)
        shortened = self.symbols.shortened
        found = self.functions(path, called)
        if len(found) > _MANY_CALLED or shortened != self.symbols.shortened:
            self.short.add((path, number))
        if len(found) > _MANY_CALLED:  # a decorator of everything: what it wraps is known where that is called
            return False
        new = [each for each in found if each not in self.meanings[path, number]]
        self.meanings[path, number] += tuple(new)
        for each in new:
            self._link(each, path, number)
        return bool(new)

    def arrivals(
        self, caller: Caller, path: str, function: str, parameter: str, part: str
    ) -> Iterator[tuple[Argument, str]]:
        """The arguments of a call that bring a part of a parameter, each with the part of it that does."""
        summary = self.summaries[path].functions[function]
        kind = dict(summary.parameters).get(parameter, "")
        before = sum(1 for _, each in summary.parameters if not each) - caller.shift
        for argument in self.bound(caller, path, function, parameter):
            slot = argument.slot
            if not argument.given:
                continue
            own = slot if kind == "**" else str(int(slot) - before) if kind == "*" and slot.isdigit() else ""
            if own and slot not in ("*", "**") and not caller.callback:
                # One of those that were collected: it is the part of that name.
                outer, _, inner = part.partition(INNER)
                if outer in ("", own) or (kind == "*" and not outer.isdigit()):
                    yield argument, inner if outer == own else part
            else:
                yield argument, _part_of(argument, parameter, part)

    def bound(self, caller: Caller, path: str, function: str, parameter: str) -> Iterator[Argument]:
        """The arguments of a call that arrive in a parameter."""
        summary = self.summaries[path].functions[function]
        arguments = self.summaries[caller.path].sites[caller.site].arguments
        if caller.callback:
            yield from _to_callback(arguments, caller.callback, summary, parameter)
            return
        names = [name for name, kind in summary.parameters if kind not in ("*", "**", "keyword")]
        kind = dict(summary.parameters).get(parameter, "")
        known = {name for name, each in summary.parameters if each != "**"}
        for argument in arguments:
            slot = argument.slot
            if slot == parameter or slot in ("*", "**"):
                yield argument
            elif slot.isdigit():
                position = int(slot) + caller.shift
                if (kind == "*" and position >= len(names)) or (
                    0 <= position < len(names) and names[position] == parameter
                ):
                    yield argument
            elif kind == "**" and slot not in known and slot != "self":
                yield argument


def _to_callback(
    arguments: Iterable[Argument], slot: str, summary: FunctionSummary, parameter: str
) -> Iterator[Argument]:
    """What a function that was handed over is called with: what stands after it, else what it is called on."""
    names = [name for name, _ in summary.parameters]
    index = names.index(parameter) if parameter in names else len(names)
    given = [each for each in arguments if each.slot != "self"]
    start = int(slot) + 1 if slot.isdigit() else 0
    after = [each for each in given if each.slot.isdigit() and int(each.slot) >= start and each.slot != slot]
    spread = [each for each in given if each.slot in ("args", "kwargs", "*", "**")]
    named = [each for each in given if each.slot == parameter]
    if named or spread or after:
        yield from named
        yield from (_only_part(each, str(index) if each.slot in ("args", "*") else parameter) for each in spread)
        yield from after[index : index + 1]
    else:
        before = [each for each in given if each.slot.isdigit() and each.slot != slot and int(each.slot) < start]
        yield from (each for each in [*(a for a in arguments if a.slot == "self"), *before] if index < 2)


def _only_part(argument: Argument, name: str) -> Argument:
    return Argument(argument.slot, tuple(each for each in argument.given if each[0].partition(INNER)[0] in ("", name)))


def _part_of(argument: Argument, parameter: str, part: str) -> str:
    """Which part of what is passed arrives: of `**kwargs`, the one of the parameter's name."""
    if argument.slot == "**" and not part:
        return parameter if any(name == parameter for name in argument.names) else ""
    return part

"""The names of a function while it is followed: layers, so that a branch costs only what it changes."""

from collections.abc import Callable, Iterable, Mapping

from petguard.flows.values import Value, joined

Passed = dict[str, list[Value]]


class Names:
    """What each name stands for at one point. A branch writes into a layer of its own.

    `small` makes a value that may come from very many places a small one: thousands of branches would otherwise pile
    up thousands of values, each with all that came before. `passed` notes every value that a name is given in this
    layer and those on top of it, for a block that may stop anywhere.
    """

    __slots__ = ("_known", "_outer", "_same", "_small", "passed")

    def __init__(
        self, small: Callable[[Value], Value], outer: "Names | None" = None, passed: "Passed | None" = None
    ) -> None:
        self._known: dict[str, Value | None] = {}
        self._same: dict[int, list[str]] = {}  # the names that were given a container, by its identity
        self._outer = outer
        self._small = small
        self.passed = passed

    def layer(self, passed: "Passed | None" = None) -> "Names":
        """A layer on top of this one; all of its changes are noted in `passed` when there is one."""
        return Names(self._small, self, self.passed if passed is None else passed)

    def since(self, base: "Names") -> "Names":
        """A layer on `base` with all that was changed from there to here."""
        found, layer = Names(self._small, base), self
        while layer is not base:
            found._known = {**layer._known, **found._known}
            if layer._outer is None:
                break
            layer = layer._outer
        return found

    def may_be(self, values: "Passed") -> None:
        """Each of these names may have any of these values, too."""
        for name, others in values.items():
            known = self.get(name)
            self._known[name] = self._small(joined(others if known is None else [known, *others]))

    def pass_on(self, values: "Passed") -> None:
        """Note what a block in this one has noted for itself."""
        if self.passed is not None:
            for name, others in values.items():
                self.passed.setdefault(name, []).extend(others)

    def passed_for(self, names: Iterable[str], here: "Names") -> tuple[Passed, dict[str, int]]:
        """What some names stand for `here`, and how many values of each were noted before."""
        known = {name: value for name in names if (value := here.get(name)) is not None}
        passed = self.passed or {}
        return {name: [value] for name, value in known.items()}, {name: len(passed.get(name, ())) for name in known}

    def passed_since(self, known: Passed, before: Mapping[str, int]) -> Passed:
        """The values of names at one point, and those that they were given afterwards."""
        passed = self.passed or {}
        return {name: [*values, *passed.get(name, [])[before[name] :]] for name, values in known.items()}

    def get(self, name: str) -> Value | None:
        """The value of a name; None when it has none here."""
        layer: Names | None = self
        while layer is not None:
            if name in layer._known:
                return layer._known[name]
            layer = layer._outer
        return None

    def set(self, name: str, value: Value | None) -> None:
        """Give a name a value, or take it away."""
        self._known[name] = None if value is None else self._small(value)
        if value is not None:
            self._note(name, value)
        if value is not None and self.passed is not None:
            self.passed.setdefault(name, []).append(value)

    def _note(self, name: str, value: Value) -> None:
        """Remember where a container is held, and those right inside of it."""
        for each in (value, *(value.parts or {}).values()):
            if each.parts is not None:
                self._same.setdefault(id(each), []).append(name)

    def renew(self, name: str, value: Value) -> None:
        """A container holds something else than before, under whatever names it is known."""
        before = self.get(name)
        self.set(name, value)
        if before is None or before.parts is None:
            return
        layer: Names | None = self
        while layer is not None:
            for other in tuple(layer._same.get(id(before), ())):
                held = self.get(other)
                if held is before:
                    self.set(other, value)
                elif held is not None and other != name:
                    self.set(other, held.with_replaced(before, value))
            layer = layer._outer

    def binds(self, name: str, base: "Names") -> bool:
        """Whether a name is bound in this layer or those below, down to `base`."""
        layer: Names | None = self
        while layer is not None:
            if name in layer._known:
                return True
            layer = None if layer is base else layer._outer
        return False

    def take_one_of(self, branches: Iterable["Names"]) -> None:
        """Any one of the branches, all layers on this one, was taken: join what they changed."""
        taken = list(branches)
        if len(taken) == 1:
            self._known |= taken[0]._known
            return
        for name in dict.fromkeys(name for branch in taken for name in branch._known):
            found = [value for branch in taken if (value := branch.get(name)) is not None]
            self._known[name] = self._small(joined(found)) if found else None

    def held(self) -> dict[str, Value]:
        """The names of this layer with their values."""
        return {name: value for name, value in self._known.items() if value is not None}

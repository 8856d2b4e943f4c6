"""The names of a function while it is followed: layers, so that a branch costs only what it changes."""

from collections.abc import Callable, Iterable

from petguard.flows.values import Value, joined


class Names:
    """What each name stands for at one point. A branch writes into a layer of its own.

    `small` makes a value that may come from very many places a small one: thousands of branches would otherwise pile
    up thousands of values, each with all that came before.
    """

    __slots__ = ("_known", "_outer", "_small")

    def __init__(self, small: Callable[[Value], Value], outer: "Names | None" = None) -> None:
        self._known: dict[str, Value | None] = {}
        self._outer = outer
        self._small = small

    def layer(self) -> "Names":
        """A layer on top of this one."""
        return Names(self._small, self)

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

"""The plain values that stand in a pickle: a machine that follows its opcodes and imports and calls nothing.

What only code could build stands there as a `Thing` with the name of that code. Everything is bounded by the length
of the pickle and a number of opcodes: no value is copied, hashed or compared but texts and whole numbers as keys, so
nothing is ever walked to its depth.
"""

import pickletools
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

from petguard.errors import UnreadableInput

_MOST = 3_000_000  # opcodes
_BROKEN = (ValueError, TypeError, IndexError, KeyError, OverflowError, EOFError, struct.error)
_MAPPINGS = frozenset({"collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict"})


@dataclass(frozen=True)
class Thing:
    """Something that only the code of this name could build; nobody does."""

    name: str


@dataclass(frozen=True)
class Values:
    """What a pickle holds: the object itself, and every mapping that was built on the way, in order."""

    top: Any
    mappings: tuple[dict[str | int, Any], ...]


def values(file: BytesIO) -> Values:
    """Read one pickle from where the file is; one that breaks off or is too long is an UnreadableInput."""
    machine = _Machine()
    try:
        with warnings.catch_warnings():  # of pickletools, about odd escapes
            warnings.simplefilter("ignore")
            for count, (opcode, argument, _) in enumerate(pickletools.genops(file)):
                if count > _MOST:
                    raise UnreadableInput("the pickle has too many steps", reason="too_large")
                machine.step(opcode.name, argument)
        return Values(machine.stack[-1], tuple(machine.mappings))
    except _BROKEN as error:
        raise UnreadableInput("the pickle could not be read to its end") from error


_CONSTANTS: Final = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_ARGUMENTS = frozenset(
    {
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)
_SILENT = frozenset({"PROTO", "FRAME", "STOP", "READONLY_BUFFER"})


@dataclass
class _Machine:
    """The stack, its marks and the memo of a pickle that is being read."""

    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)
    mappings: list[dict[str | int, Any]] = field(default_factory=list)

    def step(self, name: str, argument: Any) -> None:
        """What one opcode does; one that is not known is broken."""
        if name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _ARGUMENTS:
            self.stack.append(argument)
        elif name.endswith("PUT") or name == "MEMOIZE":
            self.memo[len(self.memo) if argument is None else int(argument)] = self.stack[-1]
        elif name.endswith("GET"):
            self.stack.append(self.memo[int(argument)])
        elif name not in _SILENT:
            _STEPS[name](self, argument)

    def above_mark(self) -> list[Any]:
        """What was put on the stack since the last mark; it is taken off."""
        start = self.marks.pop()
        found = self.stack[start:]
        del self.stack[start:]
        return found

    def pop(self, count: int) -> list[Any]:
        """The last `count` values; fewer is broken."""
        if count > len(self.stack) - (self.marks[-1] if self.marks else 0):
            raise IndexError(count)
        found = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return found

    def mapping(self, pairs: list[Any]) -> None:
        """A new mapping of keys and values in turn."""
        made: dict[str | int, Any] = {}
        self.mappings.append(made)
        self.stack.append(made)
        _put(made, pairs)


def _put(target: Any, pairs: list[Any]) -> None:
    """Set items; keys that are no texts or whole numbers, and what no mapping is, hold nothing that is looked for."""
    if isinstance(target, dict):
        keyed = zip(pairs[::2], pairs[1::2], strict=True)
        target.update((key, value) for key, value in keyed if isinstance(key, str | int))


def _append(target: Any, items: list[Any]) -> None:
    if isinstance(target, list):
        target += items


def _tuple(count: int) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.stack.append(tuple(machine.pop(count)))


def _mark(machine: _Machine, _: Any) -> None:
    machine.marks.append(len(machine.stack))


def _import(machine: _Machine, argument: Any) -> None:
    if argument is None:  # the two names stand on the stack
        module, name = machine.pop(2)
        machine.stack.append(Thing(f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "?"))
    else:
        machine.stack.append(Thing(".".join(str(argument).split(" ", 1))))


def _call(machine: _Machine, _: Any) -> None:
    """A mapping where an empty one is made, else a thing: nothing is called."""
    maker, _given = machine.pop(2)
    name = maker.name if isinstance(maker, Thing) else "?"
    if name in _MAPPINGS:
        machine.mapping([])
    else:
        machine.stack.append(Thing(name))


def _made_of_arguments(machine: _Machine, argument: Any) -> None:
    machine.above_mark()
    machine.stack.append(Thing(str(argument or "?")))


def _thing(taken: int) -> Callable[[_Machine, Any], None]:
    def step(machine: _Machine, _: Any) -> None:
        machine.pop(taken)
        machine.stack.append(Thing("?"))

    return step


def _set_one(machine: _Machine, _: Any) -> None:
    pair = machine.pop(2)
    _put(machine.stack[-1], pair)


def _append_one(machine: _Machine, _: Any) -> None:
    item = machine.pop(1)
    _append(machine.stack[-1], item)


def _set_all(machine: _Machine, _: Any) -> None:
    pairs = machine.above_mark()
    _put(machine.stack[-1], pairs)


def _append_all(machine: _Machine, _: Any) -> None:
    items = machine.above_mark()
    _append(machine.stack[-1], items)


_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": _mark,
    "POP": lambda machine, _: (machine.pop(1), None)[1],
    "POP_MARK": lambda machine, _: (machine.above_mark(), None)[1],
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.above_mark())),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "LIST": lambda machine, _: machine.stack.append(machine.above_mark()),
    "APPEND": _append_one,
    "APPENDS": _append_all,
    "EMPTY_DICT": lambda machine, _: machine.mapping([]),
    "DICT": lambda machine, _: machine.mapping(machine.above_mark()),
    "SETITEM": _set_one,
    "SETITEMS": _set_all,
    "EMPTY_SET": _thing(0),
    "FROZENSET": _made_of_arguments,
    "ADDITEMS": lambda machine, _: (machine.above_mark(), None)[1],
    "GLOBAL": _import,
    "STACK_GLOBAL": _import,
    "REDUCE": _call,
    "NEWOBJ": _call,
    "NEWOBJ_EX": _thing(3),
    "OBJ": _made_of_arguments,
    "INST": _made_of_arguments,
    "BUILD": lambda machine, _: (machine.pop(1), None)[1],
    "PERSID": _thing(0),
    "BINPERSID": _thing(1),
    "EXT1": _thing(0),
    "EXT2": _thing(0),
    "EXT4": _thing(0),
    "NEXT_BUFFER": _thing(0),
}

"""Random small Python programs of two files that run: one source, some sinks, and many ways from one to the other."""

import sys
from dataclasses import dataclass, field, replace
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st

MARK = "mark@clinic.example"
_LIBRARY = "generated_library"
_DEEP = 2  # blocks in blocks
_KEYS = ("k", "m")
Kind = str  # T a text, L a list of texts with at least one, D a dict with two known keys, P a pair of texts


@dataclass(frozen=True)
class Helper:
    """A function that the rest of the program may call: what it takes and gives back."""

    name: str
    takes: tuple[Kind, ...]
    gives: Kind
    how: str = ""  # "*" or "**" for what takes the rest, "=" for a default, "self" for a method


@dataclass(frozen=True)
class Program:
    """The text of both files. `clean` is the same program whose sinks only get a constant."""

    library: str
    app: str
    clean: str

    def files(self, *, clean: bool = False) -> dict[str, str]:
        """The files by their path."""
        return {f"{_LIBRARY}.py": self.library, "app.py": self.clean if clean else self.app}

    def sends_the_mark(self) -> bool:
        """Run the program and see whether the address of the user reaches the AI."""
        said: list[object] = []

        def answer(**given: object) -> str:
            said.append(given)
            return "answer"

        create = SimpleNamespace(create=answer)
        openai = ModuleType("openai")
        openai.__dict__["OpenAI"] = lambda: SimpleNamespace(chat=SimpleNamespace(completions=create))
        library = ModuleType(_LIBRARY)
        with patch.dict(sys.modules, {"openai": openai, _LIBRARY: library}):
            exec(compile(self.library, "library", "exec"), library.__dict__)
            app: dict[str, Any] = {"__name__": "app"}
            exec(compile(self.app, "app", "exec"), app)
            for flag in (True, False):
                app["main"](SimpleNamespace(email=MARK), flag)
        return MARK in repr(said)


@dataclass
class _Writer:
    """Writes the body of one function. `names` are the variables by kind, `helpers` what may be called."""

    draw: st.DrawFn
    helpers: tuple[Helper, ...]
    names: dict[Kind, list[str]] = field(default_factory=lambda: {kind: [] for kind in "TLDP"})
    sources: list[str] = field(default_factory=list)  # what may still be read: each place once
    made: list[int] = field(default_factory=lambda: [0])
    depth: int = 0
    in_function: bool = True

    def new(self) -> str:
        """A name that nothing has yet."""
        self.made[0] += 1
        return f"v{self.made[0]}"

    def inner(self) -> "_Writer":
        """The same one block further in: what it defines is not known outside."""
        return replace(self, names={kind: list(names) for kind, names in self.names.items()}, depth=self.depth + 1)

    def value(self, kind: Kind, depth: int = 0) -> str:
        """An expression of a kind."""
        names = self.names[kind]
        ways = [*([f"name {name}" for name in names[-4:]] * 2)]
        if depth < 2:
            ways += [*_WAYS[kind], *(f"call {each.name}" for each in self.helpers if each.gives == kind)]
        if not ways or depth >= 3:
            ways = ways or [_PLAIN[kind]]
        if kind == "T" and self.sources:
            ways += ["source", "source"]
        way = self.draw(st.sampled_from(ways))
        if way.startswith("name "):
            return way[5:]
        if way.startswith("call "):
            return self.call(next(each for each in self.helpers if each.name == way[5:]), depth + 1)
        return self.filled(way, depth + 1)

    def filled(self, way: str, depth: int) -> str:
        """A template with a value for each kind in it."""
        found = self.sources.pop() if way == "source" else way
        for kind in "TLDP":
            while f"<{kind}>" in found:
                found = found.replace(f"<{kind}>", self.value(kind, depth), 1)
        return found.replace("<key>", self.draw(st.sampled_from(_KEYS))).replace(
            "<index>", self.draw(st.sampled_from(["0", "-1"]))
        )

    def call(self, one: Helper, depth: int) -> str:
        """A call of a helper, with arguments by position, by name, or spread."""
        given = [self.value(kind, depth) for kind in one.takes]
        if one.how == "**":
            return f"{one.name}({', '.join(f'{key}={each}' for key, each in zip(_KEYS, given, strict=False))})"
        if one.how == "*":
            return f"{one.name}({', '.join(given)})"
        how = self.draw(st.sampled_from(["position", "name", "spread", "dict"]))
        named = [f"p{index}={each}" for index, each in enumerate(given)]
        if how == "name":
            return f"{one.name}({', '.join(reversed(named))})"
        if how == "spread":
            return f"{one.name}(*[{', '.join(given)}])"
        if how == "dict":
            pairs = ", ".join(f"'p{index}': {each}" for index, each in enumerate(given))
            return f"{one.name}(**{{{pairs}}})"
        return f"{one.name}({', '.join(given)})"

    def block(self, most: int = 3) -> list[str]:
        """A few statements."""
        count = self.draw(st.integers(1, most))
        return [line for _ in range(count) for line in self.statement()]

    def statement(self) -> list[str]:
        """One statement, with the blocks in it."""
        ways = (
            ["let"] * 4 + ["change"] * 3 + (["branch", "loop", "while", "try", "inner"] if self.depth < _DEEP else [])
        )
        lines: list[str] = getattr(self, f"_{self.draw(st.sampled_from(ways))}")()
        return lines

    def _let(self) -> list[str]:
        kind = self.draw(st.sampled_from("TTTLDP"))
        value = self.value(kind)
        again = self.draw(st.booleans())
        if self.names[kind] and again:
            return [f"{self.draw(st.sampled_from(self.names[kind]))} = {value}"]
        if kind == "P" and again:
            one, two = self.new(), self.new()
            self.names["T"] += [one, two]
            return [f"{one}, {two} = {value}"]
        name = self.new()
        self.names[kind].append(name)
        return [f"{name} = {value}"]

    def _change(self) -> list[str]:
        ways = [way for kind in "TLD" for way in _CHANGES[kind] for _ in self.names[kind][:1]]
        ways += [f"{each.name}" for each in self.helpers if each.gives == "" and all(self.names[k] for k in each.takes)]
        if not ways:
            return self._let()
        way = self.draw(st.sampled_from(ways))
        helper = next((each for each in self.helpers if each.name == way), None)
        if helper is not None:
            given = [self.draw(st.sampled_from(self.names[kind])) for kind in helper.takes]
            return [f"{helper.name}({', '.join(given)})"]
        for kind in "TLD":
            if f"<this {kind}>" in way:
                way = way.replace(f"<this {kind}>", self.draw(st.sampled_from(self.names[kind])))
        return [self.filled(way, 1)]

    def _branch(self) -> list[str]:
        lines = ["if flag:", *_in(self.inner().block())]
        return [*lines, "else:", *_in(self.inner().block())] if self.draw(st.booleans()) else lines

    def _loop(self) -> list[str]:
        body, name = self.inner(), self.new()
        over = self.value("L")
        body.names["T"].append(name)
        lines = body.block()
        if self.draw(st.booleans()):
            lines.append(self.draw(st.sampled_from(["if flag: break", "if flag: continue", "break"])))
        return [f"for {name} in list({over})[:3]:", *_in([*lines, "pass"])]

    def _while(self) -> list[str]:
        name = self.new()
        return [f"{name} = 0", f"while {name} < 3:", *_in([f"{name} += 1", *self.inner().block()])]

    def _try(self) -> list[str]:
        tried = self.inner()
        parts = [tried.statement() for _ in range(self.draw(st.integers(1, 3)))]
        parts.insert(self.draw(st.integers(0, len(parts))), ["if flag: raise ValueError"])
        body = [line for part in parts for line in part]
        return ["try:", *_in(body), "except ValueError:", *_in(self.inner().block())]

    def _inner(self) -> list[str]:
        """A function inside of this one, that is called right away or later, once or in a loop."""
        name, body, parameter = self.new(), self.inner(), self.new()
        body.names["T"].append(parameter)
        # What it assigns would be its own: it only reads and fills what is around it.
        lines = list(body.fills())
        value = body.value("T")
        result = self.new()
        called = f"{result} = {name}({self.value('T')})"
        self.names["T"].append(result)
        return [f"def {name}({parameter}):", *_in([*lines, f"return {value}"]), called]

    def fills(self) -> list[str]:
        """Statements that only fill what is there."""
        ways = [way for kind in "LD" for way in _FILLS[kind] for _ in self.names[kind][:1]]
        found = []
        for _ in range(self.draw(st.integers(0, 2)) if ways else 0):
            way = self.draw(st.sampled_from(ways))
            for kind in "LD":
                if f"<this {kind}>" in way:
                    way = way.replace(f"<this {kind}>", self.draw(st.sampled_from(self.names[kind])))
            found.append(self.filled(way, 1))
        return found


_PLAIN = {"T": "'a'", "L": "['b']", "D": "{'k': 'c', 'm': 'd'}", "P": "('e', 'f')"}
# What could double is cut: a program must not outgrow the memory when it runs.
_WAYS = {
    "T": [
        "'a'",
        "[f'x {z} y' for z in [<T>]][0]",
        "(<T>[-40:] + <T>[-40:])",
        "(<T> if flag else <T>)",
        "(<T> or 'a')",
        "<L>[<index>]",
        "<P>[<index>]",
        "<D>['<key>']",
        "<D>.get('<key>')",
        "' '.join(<L>[-3:])[-80:]",
        "'%s' % <T>",
        "'{}'.format(<T>)",
        "<T>.upper().lower()",
        "str(<D>)[-80:]",
        "str(<L>[-3:])[-80:]",
        "(lambda z: z[-40:] + <T>[-40:])(<T>)",
        "next(iter(<L>))",
    ],
    "L": [
        "['b']",
        "[<T>]",
        "[<T>, <T>]",
        "[*<L>[-3:], <T>]",
        "(<L>[-3:] + <L>[-3:])",
        "[z for z in <L>[:9]]",
        "[z[-40:] + <T>[-40:] for z in <L>[:9]]",
        "list(<D>.values())",
        "list(<P>)",
        "sorted(<L>)",
        "[z for y in [<L>] for z in y[:9]]",
        "list(map(lambda z: z[-40:] + <T>[-40:], <L>[:9]))",
        "[v for _, v in <D>.items()]",
        "([b for _, b in zip(<L>[:9], <L>[:9])] or ['b'])",
    ],
    "D": [
        "{'k': 'c', 'm': 'd'}",
        "{'k': <T>, 'm': <T>}",
        "{**<D>, 'm': <T>}",
        "dict(k=<T>, m=<T>)",
        "dict(<D>)",
        "{key: value for key, value in <D>.items()}",
        "(<D> | {'<key>': <T>})",
    ],
    "P": ["('e', 'f')", "(<T>, <T>)", "tuple(<L> + <L>)[:2]", "(<P>[1], <P>[0])"],
}
_CHANGES = {
    "T": ["<this T> += <T>[-40:]", "<this T> = f'{<this T>}!'"],
    "L": [
        "<this L>.append(<T>)",
        "<this L>.extend(<L>[-3:])",
        "<this L>.insert(0, <T>)",
        "<this L> += <L>[-3:]",
        "<this L>[0] = <T>",
    ],
    "D": ["<this D>['<key>'] = <T>", "<this D>.update(<D>)", "<this D>.update(k=<T>)"],
}
_FILLS = {"L": _CHANGES["L"][:3], "D": _CHANGES["D"]}
_SHAPES = (
    Helper("", ("T", "T"), "T"),
    Helper("", ("T", "T"), "P"),
    Helper("", ("T", "D"), "T"),
    Helper("", ("T", "T"), "D"),
    Helper("", ("L", "T"), "L"),
    Helper("", ("L", "T"), ""),
    Helper("", ("D", "T"), ""),
    Helper("", ("T", "T"), "T", "*"),
    Helper("", ("T", "T"), "T", "**"),
    Helper("", ("T",), "T", "="),
)


def _in(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _helper(draw: st.DrawFn, one: Helper, known: tuple[Helper, ...]) -> list[str]:
    writer = _Writer(draw, known)
    names = [f"p{index}" for index in range(len(one.takes))]
    for kind, name in zip(one.takes, names, strict=True):
        writer.names[kind].append(name)
    lines = ["flag = True"]
    if one.how in ("*", "**"):
        reads = [f"{name} = rest[{index}]" for index, name in enumerate(names)]
        keyed = [f"{name} = rest['{key}']" for name, key in zip(names, _KEYS, strict=False)]
        lines += keyed if one.how == "**" else reads
    lines += writer.block()
    if one.gives:
        lines.append(f"return {writer.value(one.gives)}")
    else:
        lines += writer.fills() or ["pass"]
    given = f"{one.how}rest" if one.how in ("*", "**") else ", ".join([*names, *(["q='x'"] if one.how == "=" else [])])
    return [f"def {one.name}({given}):", *_in(lines)]


_KEEPER = """\
class Keeper:
    shared = []
    def __init__(self, p0):
        self.one, self.many = p0, [p0]
    def put(self, p0):
        self.many.append(p0)
        return p0
    def read(self):
        return self.one
    def all(self):
        return self.many
"""


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A program that runs to its end, whatever `flag` is."""
    shapes = [replace(draw(st.sampled_from(_SHAPES)), name=f"f{number}") for number in range(draw(st.integers(1, 4)))]
    split = draw(st.integers(0, len(shapes)))
    library: list[str] = []
    app: list[str] = []
    for number, one in enumerate(shapes):
        (library if number < split else app).extend(_helper(draw, one, tuple(shapes[:number])))
    keeper = (
        Helper("keeper.put", ("T",), "T"),
        Helper("keeper.read", (), "T"),
        Helper("keeper.all", (), "L"),
    )
    writer = _Writer(draw, tuple(shapes), sources=["user.email"])
    start = writer.value("T")
    writer.helpers = (*shapes, *keeper)
    body = [f"keeper = Keeper({start})", *writer.block(6)]
    sink = writer.value("T")
    imports = [f"from {_LIBRARY} import {', '.join(['Keeper', *(each.name for each in shapes[:split])])}"]
    head = ["from openai import OpenAI", *imports, "client = OpenAI()", "def ask(text):"]
    head += _in(["return client.chat.completions.create(model='gpt-4o', messages=[{'role': 'user', 'content': text}])"])
    main = [*head, *app, "def main(user, flag):", *_in(body)]
    texts = ["\n".join([*main, *_in([f"ask({each})"]), ""]) for each in (sink, "'constant'")]
    return Program(_KEEPER + "\n".join([*library, ""]), *texts)

"""The form into which every language is brought before values are followed in it: statements in order, and expressions.

A front end turns one file into a `Form`. It keeps what moves data and drops the rest: types of loops, operators and
visibility do not matter, the order of statements, branches and the names of things do. What a language says in several
ways is said here in one:

* `await x`, `x!`, casts, parentheses and borrowing are `x` itself;
* `a?.b` is `Attr`, `a["b"]` and `a.get("b")` with a literal key are `Item` with a `Text` key;
* a f-string, template, concatenation or arithmetic is a `Mix` of its parts;
* `a or b`, `a ?? b`, `c ? a : b` are a `Choice` of what may be the result (a condition goes into `Only` beside it);
* a comparison, `not x`, `isinstance` and the like are `Only`: evaluated, but their result carries nobody's data;
* keyword arguments are named arguments, and an object that spreads (`**kw`, `...rest`) has a pair without a name;
* `this`/`self` inside a method is `Var("self")`, whatever the language calls it;
* a method is a `Function` in the `Class`'s body, an arrow function or lambda a `Lambda` where it stands.

A `Place` is line and column in one number, both 1-based, the column in bytes (`place(line, column)`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

Place = int
_COLUMN_BITS = 20


def place(line: int, column: int) -> Place:
    """A line and a byte column as one number."""
    return (line << _COLUMN_BITS) | min(column, (1 << _COLUMN_BITS) - 1)


def line_and_column(at: Place) -> tuple[int, int]:
    """The line and the byte column of a place."""
    return at >> _COLUMN_BITS, at & ((1 << _COLUMN_BITS) - 1)


@dataclass(slots=True, eq=False)
class Constant:
    """A value that stands in the code and is no text: a number, `True`, `None`. It is nobody's data."""


@dataclass(slots=True, eq=False)
class Text:
    """A literal text."""

    value: str
    at: Place


@dataclass(slots=True, eq=False)
class Var:
    """A name without anything before it."""

    name: str
    at: Place


@dataclass(slots=True, eq=False)
class Attr:
    """`of.name`."""

    of: "Expr"
    name: str
    at: Place


@dataclass(slots=True, eq=False)
class Item:
    """`of[key]`: one part of a container, or an element of it when the key is no literal."""

    of: "Expr"
    key: "Expr"
    at: Place


@dataclass(slots=True, eq=False)
class Argument:
    """One argument. `name` is a keyword, `*` or `**` for what is spread, and empty for a plain one."""

    value: "Expr"
    name: str = ""


@dataclass(slots=True, eq=False)
class Call:
    """A call, or with `new` the making of an object. `at` is where the whole expression starts, `end` where it ends."""

    callee: "Expr"
    arguments: Sequence[Argument]
    at: Place
    end: Place
    new: bool = False


@dataclass(slots=True, eq=False)
class Record:
    """A dict, an object, a map: names with values. A pair without a name is spread, or has a key nobody can read."""

    pairs: Sequence[tuple[str, "Expr"]]


@dataclass(slots=True, eq=False)
class Items:
    """A list, tuple, set or array. An item that is `Spread` adds its own elements."""

    items: Sequence["Expr"]


@dataclass(slots=True, eq=False)
class Spread:
    """`*xs` or `...xs` among the items of a list."""

    of: "Expr"


@dataclass(slots=True, eq=False)
class Mix:
    """Something new that contains all its parts: a concatenation, an f-string, a template, arithmetic."""

    parts: Sequence["Expr"]


@dataclass(slots=True, eq=False)
class Choice:
    """One of several values."""

    options: Sequence["Expr"]


@dataclass(slots=True, eq=False)
class Only:
    """What is evaluated, and whose result carries no data: a comparison, a negation, a condition."""

    parts: Sequence["Expr"]


@dataclass(slots=True, eq=False)
class Each:
    """A list made from the elements of others: a comprehension. Each `target` runs through its source."""

    clauses: Sequence[tuple["Expr", "Expr"]]  # target pattern, what is iterated
    conditions: Sequence["Expr"]
    element: "Expr"


@dataclass(slots=True, eq=False)
class Lambda:
    """A function without a definition of its own."""

    function: "Function"


@dataclass(slots=True, eq=False)
class Assigned:
    """An assignment that is an expression: `(x := f())`, `a = b` inside of a JavaScript expression."""

    target: "Expr"
    value: "Expr"


Expr = (
    Constant
    | Text
    | Var
    | Attr
    | Item
    | Call
    | Record
    | Items
    | Spread
    | Mix
    | Choice
    | Only
    | Each
    | Lambda
    | Assigned
)


@dataclass(slots=True, eq=False)
class Let:
    """A value gets a name. Targets: `Var`, `Attr`, `Item`; patterns: `Items`, `Record` (name: target), `Spread`.

    `adds` is true for `+=` and the like: the old value stays part of the new one. `types` are the names in a declared
    type: `list[Patient] | None` is `("list", "Patient")`, in the order of the text.
    """

    targets: Sequence[Expr]
    value: Expr | None  # None: declared without a value
    at: Place
    adds: bool = False
    types: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Do:
    """An expression for the sake of what it does."""

    value: Expr


@dataclass(slots=True, eq=False)
class Give:
    """`return x`, or with `more` a `yield x`, after which the function goes on."""

    value: Expr | None
    at: Place
    more: bool = False


@dataclass(slots=True, eq=False)
class Branch:
    """Exactly one of the arms is taken: `if` without `else` has an empty second arm, `switch`/`match` one a case.

    When the arms do not cover everything, the front end adds an empty one. `tests` are the conditions, in order.
    """

    tests: Sequence[Expr]
    arms: Sequence[Sequence["Statement"]]
    at: Place


@dataclass(slots=True, eq=False)
class Loop:
    """A body that runs any number of times; with a `target`, it gets each element of `over`."""

    target: Expr | None
    over: Expr | None  # also the condition of a `while`
    body: Sequence["Statement"]
    at: Place


@dataclass(slots=True, eq=False)
class Try:
    """A body that may stop anywhere; then one of the handlers runs. `final` runs in any case."""

    body: Sequence["Statement"]
    handlers: Sequence[Sequence["Statement"]]
    final: Sequence["Statement"] = ()


@dataclass(slots=True, eq=False)
class Stop:
    """`raise`, `throw`, `break`, `continue`: the rest of the block is not reached. What is thrown is evaluated."""

    value: Expr | None = None


@dataclass(slots=True, eq=False)
class Drop:
    """`del x`."""

    name: str


@dataclass(slots=True, eq=False)
class Parameter:
    """A parameter. `kind` is empty, `*` or `**` for what takes the rest, `keyword` for one that is only given by name.

    `pattern` is what a parameter without a name of its own takes apart: `({ patient, model })`. Its `name` is then
    any name that is unique in the function.
    """

    name: str
    at: Place
    types: tuple[str, ...] = ()
    default: Expr | None = None
    kind: str = ""
    pattern: Expr | None = None


@dataclass(slots=True, eq=False)
class Function:
    """A function, method or lambda. `name` is its own name; a lambda has none."""

    name: str
    parameters: Sequence[Parameter]
    body: Sequence["Statement"]
    at: Place
    end: Place
    returns: tuple[str, ...] = ()  # the names in its declared type
    decorators: Sequence[Expr] = ()
    static: bool = False  # a method that gets no object
    takes_object: bool = False  # called on its class, its first argument is the object: `Base.go(self, x)`
    outer: frozenset[str] = frozenset()  # names that it says are not its own: `global x`, `nonlocal x`


@dataclass(slots=True, eq=False)
class Field:
    """A field that a class declares, with the names in its type: `email: str`, `private String email;`."""

    name: str
    at: Place
    types: tuple[str, ...] = ()
    value: Expr | None = None


@dataclass(slots=True, eq=False)
class Class:
    """A class, record, struct, interface or object type, with its methods.

    `record` says that its constructor takes the fields, by name or in their order (dataclass, pydantic, Kotlin data
    class, Java record, Go struct). A constructor that is written out is a method called `__init__`.
    """

    name: str
    bases: tuple[str, ...]  # dotted names as written
    fields: Sequence[Field]
    body: Sequence["Statement"]  # methods as `Function`, nested classes, and what else runs when it is defined
    at: Place
    record: bool = False
    decorators: Sequence[Expr] = ()


Statement = Let | Do | Give | Branch | Loop | Try | Stop | Drop | Function | Class


@dataclass(slots=True, eq=False)
class Import:
    """`name` of `module` under a `local` name. An empty name is the module itself; `*` opens it for the whole file.

    `module` is as written, relative ones included (`./llm`, `..core.llm`).
    """

    module: str
    name: str
    local: str


@dataclass(slots=True, eq=False)
class Export:
    """`export { local as name }`, or with a `module` a re-export from there; `*` for all of its names."""

    name: str
    local: str
    module: str = ""


@dataclass(slots=True)
class Form:
    """One file. `package` is the one it declares (Java, Kotlin, Go); `unread` names lines that could not be lowered."""

    imports: list[Import] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    body: list[Statement] = field(default_factory=list)
    package: str = ""
    unread: list[tuple[int, str]] = field(default_factory=list)

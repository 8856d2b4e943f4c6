"""What is known about one file once its statements have been followed: enough to join it with all others.

Values are told by the atoms that they may come from. An atom is a tuple, its first part says of what kind it is; the
last part is the field of that thing that is meant, empty for all of it:

* `("p", function, parameter, field)`: what callers pass;
* `("c", site, field)`: what the call with this number gives back;
* `("o", site, slot)`: what the call has put into the container that it was given in this slot;
* `("f", class, attribute, field)`: what some method of the class keeps in `self`;
* `("g", name, field)`: a variable of the file, `("i", module, name, field)`: one of another file;
* `("s", source, field)`: personal data that is read here;
* `("u", bundle, field)`: any of the atoms of a bundle, where there would be too many to list.

What a name or callee stands for is told by references: a root (`i:openai|OpenAI|` imported, `l:ask|` defined here,
`v:x|` a variable of the file, `s:Client|` an object of a class here, `b:Client|` the same as one of its bases, `p:f|x|`
a parameter, `t:Patient|` something of this type, `n:x|` unknown) followed by what is done with it:
`i:openai|OpenAI|().chat.completions.create`; `<2>` is a function whose first two arguments are already given.
"""

from dataclasses import dataclass, field
from typing import Literal

from petguard.flows.form import Function, Place

PAIRS = frozenset({"items", "entries", "iterrows", "iteritems"})  # methods that give keys with their values
# Methods that give one entry of a container.
ENTRIES = frozenset({"get", "pop", "setdefault", "popleft", "__getitem__", "getOrDefault"})
Atom = tuple[str | int, ...]
Atoms = frozenset[Atom]
Given = tuple[str, Atoms]  # a field, or nothing for the whole, and where its value comes from
Ref = str
WHEN_ASKED = "when-asked"  # before the types of a field that an object only has when a query asked for it


@dataclass(slots=True)
class Source:
    """Personal data by its name, or an object of a type or a file that may hold some.

    `over` are the atoms of the value that bears the name: when they bring the same data, that place was the source.
    """

    at: Place
    label: str
    kind: Literal["name", "object", "file"]
    says: tuple[str, ...]  # the category; the names of types; the path of the file
    because: str
    function: str
    over: Atoms = frozenset()


@dataclass(slots=True)
class Argument:
    """What a call is given in one slot: a keyword, a position (`0`), `*`, `**`, or `self` for the object itself.

    `literal` tells that it stands in the code; `refs` what it may be when it is a function, `text` a literal text.
    """

    slot: str
    given: tuple[Given, ...] = ()
    refs: tuple[Ref, ...] = ()
    literal: bool = False
    text: str | None = None
    names: tuple[str, ...] = ()  # the fields of an object that is written out


@dataclass(slots=True)
class Site:
    """One call. `guards` are conditions around it that speak of consent, `leaves` the fields it says it leaves out."""

    at: Place
    end: Place
    function: str
    refs: tuple[Ref, ...]
    name: str  # how it reads
    arguments: list[Argument] = field(default_factory=list)
    new: bool = False
    guards: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()


@dataclass(slots=True)
class FunctionSummary:
    """A function: its parameters in order, what it gives back, and what it puts into what it was given."""

    at: Place
    end: Place
    parameters: tuple[tuple[str, str], ...]  # name and kind, without `self`
    types: dict[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: dict[str, tuple[Given, ...]] = field(default_factory=dict)
    gives: dict[str, Atoms] = field(default_factory=dict)  # by field
    puts: dict[str, dict[str, Atoms]] = field(default_factory=dict)  # by parameter, by field
    refs: tuple[Ref, ...] = ()
    returns: tuple[str, ...] = ()
    owner: str = ""  # the class of a method
    reads_as_field: bool = False  # a property
    takes_object: bool = False  # called on its class, its first argument is the object
    wrapped: tuple[Ref, ...] = ()  # what its decorators make of it
    cuts: bool = False  # takes a stretch of something: `number[-4:]`


@dataclass(slots=True)
class ClassSummary:
    """A class: its declared fields in order with the names in their types, and what its attributes may stand for."""

    at: Place
    bases: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    refs: dict[str, tuple[Ref, ...]] = field(default_factory=dict)
    keeps: dict[str, dict[str, Atoms]] = field(default_factory=dict)  # by attribute, by field
    record: bool = False


@dataclass(slots=True)
class Write:
    """Something is put into what is kept elsewhere: into an attribute of what `refs` mean, and into these atoms."""

    refs: tuple[Ref, ...]
    name: str
    into: Atoms
    atoms: Atoms


@dataclass(slots=True)
class Summary:
    """One file. `opened` are modules whose names are known without saying so."""

    path: str
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)  # local name to module and name
    exports: dict[str, tuple[str, str]] = field(default_factory=dict)  # name to module (or nothing) and local name
    opened: list[str] = field(default_factory=list)
    package: str = ""
    functions: dict[str, FunctionSummary] = field(default_factory=dict)
    classes: dict[str, ClassSummary] = field(default_factory=dict)
    refs: dict[str, tuple[Ref, ...]] = field(default_factory=dict)  # of variables, and of `variable.field`
    keeps: dict[str, dict[str, Atoms]] = field(default_factory=dict)  # of variables, by field
    sites: list[Site] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    bundles: list[Atoms] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)


def signature(each: Function, owner: str) -> FunctionSummary:
    """What is known of a function before it is followed."""
    return FunctionSummary(
        each.at,
        each.end,
        tuple((one.name, one.kind) for one in each.parameters),
        {one.name: one.types for one in each.parameters if one.types},
        returns=each.returns,
        takes_object=each.takes_object,
        owner=owner,
    )

"""What a call means to the values around it: what it is given, what it gives back, and what it puts where."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from petguard.flows import form as f
from petguard.flows import sql
from petguard.flows.knowledge import table
from petguard.flows.resolve import as_library
from petguard.flows.sources import Spot, describes, spelled, words_of
from petguard.flows.summary import ENTRIES, PAIRS, Argument, Atom, Ref, Site
from petguard.flows.values import ELEMENT, EMPTY, INNER, NOTHING, Value, joined, mixed

if TYPE_CHECKING:
    from petguard.flows.interpret import Interpreter

_GETTER = re.compile(r"(?:get|fetch|load|read|find|retrieve|lookup|select)_?(?=[A-Z_a-z])")
_DOES = re.compile(  # says what is done to somebody's data, and not that it is given
    r"(?:un)?(?:watch|send|list|sync|process|validate|verify|update|create|delete|remove|check|has|is|count|handle|clear"
    r"|reset|mark|notify|log|save|store|set)(?=[A-Z_])"
)
_CHOOSES = re.compile(r"(?:get|find)_?(?:First|Last|Any|One|All|first|last)")  # says nothing of what is chosen
_READS_FILE = re.compile(r"(?i)(?:\w*_)?(?:read|open|load|scan|from|parse)\w*")
_DATA_FILE = re.compile(
    r"(?i)(?!\w+://)[^\0\n{}<>|*?]{1,200}\.(?:csv|tsv|jsonl|ndjson|parquet|xlsx?|feather|avro|orc)\Z"
)
_WRITES = re.compile(r"[wax]")
_FUNCTIONS = ("l:", "i:", "s:", "v:", "p:")
_PATTERNS = frozenset({"compile", "RegExp", "MustCompile", "Regex", "toRegex"})  # makers of regular expressions
_PARSES = frozenset(  # what makes an object of a class from something
    [
        "parse", "parseAsync", "safeParse", "safeParseAsync", "validate", "validateSync", "cast", "model_validate",
        "model_validate_json", "parse_obj", "parse_raw", "from_orm", "model_construct", "create", "all",
    ]
)  # fmt: skip
_SELECTS = frozenset({"query", "select", "get", "exec", "scalars", "getRepository", "getMongoRepository"})
_STORES = frozenset({"prisma", "prismaClient", "db", "tx", "ctx", "self", "client"})  # `prisma.patient.findMany()`
_MANY_ROWS = ("Many", "All", "find", "Count")
_CLIENTS = _STORES - {"ctx", "self"}
_LEAVES = {  # the arguments that name fields which the result does not have; `*` for those without a name
    **dict.fromkeys(["drop", "drop_columns", "drop_vars"], ("columns", "labels", "*")),
    **dict.fromkeys(["model_dump", "model_dump_json", "dict", "json", "dump", "dumps"], ("exclude",)),
    **dict.fromkeys(["omit", "del"], ("*",)),
}
TAKES_OUT = "del"  # as a method's name: what is left of an object without one part
_MANY_LEFT_OUT = 60
_PLACES = frozenset({"first", "last", "next", "one", "all", "any"})  # `findLast` finds no last name
_RUN_BY_NAME = ("execute", "func")  # what an object that describes a tool calls its function
_REFS_GIVEN = 2
_REFS_BACK = 4
_LONG_REF = 160
_LONG_TEXT = 400


@lru_cache(50_000)
def _is(kind: str, name: str) -> bool:
    """Whether the carriage table says this of a call's last name."""
    return re.fullmatch(getattr(table().carriage, kind), name) is not None


def fills(name: str) -> bool:
    """Whether a method of this name puts something into what it is called on."""
    return _is("puts", name)


@dataclass(frozen=True, slots=True)
class _Made:
    """A call with the values around it; `back` is what it gives back when nothing is known of it."""

    call: f.Call
    receiver: Value | None
    given: list[Value]
    number: int
    refs: tuple[Ref, ...]
    back: Value

    @property
    def name(self) -> str:
        """The last name of what is called."""
        return _last(self.call.callee)


class Calling:
    """Follows calls for an interpreter."""

    def __init__(self, interpreter: "Interpreter") -> None:
        self._in = interpreter

    def value(self, call: f.Call) -> Value:
        """Note a call, and say what it gives back."""
        callee = call.callee
        receiver = self._in.value(callee.of) if isinstance(callee, f.Attr) else None
        refs = self._refs(callee, receiver)
        given = [(self._in.value(each.value), each) for each in call.arguments]
        number, site = self._in.site(call, refs, spelled(callee))
        self._note(site, receiver, given)
        site.leaves = _left_out(call)
        made = tuple(f"{ref}()" for ref in refs if len(ref) < _LONG_REF)
        if receiver is not None and _last(callee) in ENTRIES:
            made = (*made, *receiver.element().refs)[:_REFS_BACK]
        back = Value(frozenset({("c", number, "")}), refs=made)
        result = self._result(_Made(call, receiver, [value for value, _ in given], number, refs, back))
        return self._taken_at_its_name(call, receiver, result)

    def _refs(self, callee: f.Expr, receiver: Value | None) -> tuple[Ref, ...]:
        """What is called, by reference."""
        if not isinstance(callee, f.Attr) or receiver is None:
            return self._in.value(callee).refs
        known = receiver.parts.get(callee.name) if receiver.parts is not None else None
        if known is not None and known.refs:
            return known.refs
        return tuple(f"{ref}.{callee.name}" for ref in receiver.refs if len(ref) < _LONG_REF)

    def _note(self, site: Site, receiver: Value | None, given: Sequence[tuple[Value, f.Argument]]) -> None:
        """Add what the call is given to what it was given when it was followed before."""
        new = [] if receiver is None else [_argument("self", receiver)]
        position, known = 0, True
        for value, argument in given:
            # What stands after a list that is spread may arrive anywhere.
            new.append(_argument(argument.name or (str(position) if known else "*"), value))
            position += not argument.name
            known = known and argument.name != "*"
        if not site.arguments:
            site.arguments = new
        else:
            site.arguments = [_both(one, other) for one, other in zip(site.arguments, new, strict=True)]

    def _result(self, one: "_Made") -> Value:
        """What a call gives back; the first way that knows it decides."""
        ways = (self._read, self._built_in, self._stored, self._carried)
        found = next((value for way in ways if (value := way(one)) is not None), None)
        if found is not None:
            return found
        self._fill(one)
        return one.back

    def _read(self, one: "_Made") -> Value | None:
        """Rows of a query and files that are read."""
        spot = Spot(one.call.at, self._in.scope.name)
        special = self._rows(one.given, spot) or self._file(one.name, one.given, spot)
        if special is None:
            return None
        self._put(one.call.callee, one.receiver, special, whole=True)
        return joined([special, one.back])

    def _built_in(self, one: "_Made") -> Value | None:
        if one.name == "partial" and one.given:
            bound = sum(not each.name for each in one.call.arguments) - 1
            shift = f"<{bound}>" if bound > 0 else ""
            return Value(one.back.atoms, refs=tuple(f"{ref}{shift}" for ref in one.given[0].refs))
        if one.name in _PATTERNS and one.given and one.given[0].text is not None:
            return Value(one.back.atoms, refs=one.back.refs, text=one.given[0].text)
        if one.receiver is not None:
            return None
        if one.name == "dict":
            return self._dict(one.call, one.given)
        if one.name == "filter" and len(one.given) > 1:
            return joined([one.given[1].copied(), one.back])
        if one.name in ("setattr", "print"):
            self._written(one)
        return _pairs(one.name, one.given) if one.name in ("enumerate", "zip") else None

    def _written(self, one: "_Made") -> None:
        """`setattr(x, "name", y)` and `print(y, file=x)` put something into `x`."""
        slots = {each.name or str(index): index for index, each in enumerate(one.call.arguments)}
        if one.name == "setattr" and len(one.given) > 2 and one.given[1].text:
            target: f.Expr = f.Attr(one.call.arguments[0].value, one.given[1].text, one.call.at)
            self._in.assign(target, one.given[2], one.call.at)
        elif one.name == "print" and "file" in slots:
            index = slots["file"]
            held = one.given[index].with_part(ELEMENT, mixed(one.given[:index] + one.given[index + 1 :]), adds=True)
            self._in.change(one.call.arguments[index].value, held, one.call.at)

    def _stored(self, one: "_Made") -> Value | None:
        """Objects that are read from where they are kept: `Patient.objects.get(...)`, `session.get(Patient, 1)`."""
        if not _is("looks_up", one.name) and one.name not in _PARSES:
            return None
        kind = _kept_kind(one.call)
        if kind is None:
            return None
        made = self._in.reading.object(
            one.call.at, spelled(one.call.callee), (kind,), self._in.scope.name, one.back.atoms
        )
        columns = _named(one.call, "select")
        if columns:
            row = _selected(made, columns, (f"t:{kind}|", *one.back.refs))
            return row.with_part(ELEMENT, row)
        with_it = {name: Value(frozenset({(*made[:-1], name)})) for name in _named(one.call, "include")}
        row = Value(frozenset({made}), with_it or None, refs=(f"t:{kind}|", *one.back.refs))
        return row.with_part(ELEMENT, row) if with_it and one.name.endswith(_MANY_ROWS) else row

    def _carried(self, one: "_Made") -> Value | None:
        """What the table of carriage says of the name."""
        receiver, name = one.receiver, one.name
        if receiver is not None and _is("puts", name) and not _protects(one.refs) and not _is_stored(one.call):
            held = self._put(one.call.callee, receiver, _put_in(one))
            key = one.given[0].text if name == "setdefault" and one.given else None
            return held.part(key) if key else held
        if receiver is not None and name in PAIRS and not one.given:
            atoms = NOTHING if receiver.closed else one.back.atoms
            return Value(atoms, {ELEMENT: _pair(receiver)}, refs=one.back.refs)
        same = receiver if receiver is not None else next(iter(one.given), None)
        leaves = self._in.summary.sites[one.number].leaves
        if (
            same is not None
            and not leaves
            and _is("same", name)
            and (receiver is None or same.parts is not None or same.atoms)
        ):
            return Value(same.atoms | one.back.atoms, same.parts, refs=one.back.refs or same.refs)
        return None

    def _rows(self, given: list[Value], spot: Spot) -> Value | None:
        """The rows of a query that is written out."""
        for value in given[:2]:
            query = sql.selected(value.text) if value.text else None
            if query is not None:
                return self._in.reading.columns(query.table, query.columns, spot.at, spot.function)
        return None

    def _file(self, name: str, given: list[Value], spot: Spot) -> Value | None:
        """What a file of data that is read by its name holds."""
        path = given[0].text if given else None
        if path is None or not _DATA_FILE.match(path) or not _READS_FILE.fullmatch(name):
            return None
        mode = given[1].text if len(given) > 1 else None
        if name == "open" and mode and _WRITES.search(mode):
            return None
        return Value(frozenset({self._in.reading.file(path, spot.at, spot.function)}))

    def _dict(self, call: f.Call, given: list[Value]) -> Value:
        parts = {
            each.name: value for each, value in zip(call.arguments, given, strict=True) if each.name.isidentifier()
        }
        rest = [value for each, value in zip(call.arguments, given, strict=True) if each.name not in parts]
        start = rest[0] if rest else Value(NOTHING, {}, closed=True)
        return Value(start.atoms, {**(start.parts or {}), **parts}, closed=start.closed or not rest)

    def _put(self, callee: f.Expr, receiver: Value | None, given: Value, *, whole: bool = False) -> Value:
        """Let the object that a method is called on hold what the method was given."""
        if receiver is None or not isinstance(callee, f.Attr):
            return given
        if whole:
            held = joined([receiver, given]).with_refs(receiver.refs)
        elif given.parts is not None and given.parts.keys() - {ELEMENT}:
            held = receiver
            for name, value in given.parts.items():
                held = held.with_part(name, value, adds=True)
        else:
            held = receiver.with_part(ELEMENT, given, adds=True)
        self._in.write((), ELEMENT, receiver.atoms, given)
        of = _entry(callee.of)
        if isinstance(of, f.Attr) and self._in.is_own(of.of):
            self._in.keep_attribute(self._in.scope.owner, of.name, held)
        elif isinstance(of, f.Var | f.Attr | f.Item) and not self._in.is_own(of):
            self._in.change(of, held, callee.at)
        return held

    def _fill(self, one: "_Made") -> None:
        """A function of the tree may put something into the containers and objects that it is given."""
        if not any(ref.startswith(_FUNCTIONS) for ref in one.refs):
            return
        position = 0
        for each, held in zip(one.call.arguments, one.given, strict=True):
            slot = each.name or str(position)
            position += not each.name
            if isinstance(each.value, f.Var | f.Attr | f.Item) and not self._in.is_own(each.value):
                self._filled(each.value, held, Value(frozenset({("o", one.number, slot)})))

    def _filled(self, of: f.Var | f.Attr | f.Item, held: Value, put: Value) -> None:
        if isinstance(of, f.Attr) and self._in.is_own(of.of):
            self._in.keep_attribute(self._in.scope.owner, of.name, put)
        elif held.parts is not None:
            self._in.change(of, held.with_part(ELEMENT, put, adds=True), of.at)
        elif isinstance(of, f.Var) and any(ref.startswith("p:") or ref.endswith("()") for ref in held.refs):
            self._in.scope.names.set(of.name, Value(held.atoms | put.atoms, refs=held.refs))

    def _taken_at_its_name(self, call: f.Call, receiver: Value | None, result: Value) -> Value:
        """Getters say what they give: `patient.getEmail()`, `patient.email()`, `fetch_diagnosis(id)`."""
        callee, reading = call.callee, self._in.reading
        name = _last(callee)
        if result.parts is not None or not name or call.new or _says_nothing(name):
            return result
        if receiver is not None and describes(receiver):
            return result
        spot = Spot(call.at, self._in.scope.name)
        getter = _GETTER.match(name)
        of = callee.of if isinstance(callee, f.Attr) else None
        if getter is not None:
            field = name[getter.end() :].lstrip("_")
            if field.lower() in _PLACES:
                return result
            return reading.named(result, words_of(of, receiver or EMPTY), of, field[:1].lower() + field[1:], spot)
        if of is not None and not call.arguments and _DOES.match(name) is None:
            return reading.named(result, words_of(of, receiver or EMPTY), of, name, spot)
        return result


def _protects(refs: Sequence[Ref]) -> bool:
    """Whether what is called gives back something less personal than it got: `cipher.update(text)`."""
    return any(table().safeguard(path) is not None for ref in refs if (path := as_library(ref)))


def _is_stored(call: f.Call) -> bool:
    """Whether a call changes what a service keeps: `prisma.user.update({...})` fills no container."""
    names, root = 0, call.callee
    while isinstance(root, f.Attr):
        names, root = names + 1, root.of
    if isinstance(root, f.Var) and names > 1 and root.name in _CLIENTS:
        return True
    return _last(call.callee) == "update" and sum(not each.name for each in call.arguments) > 1


def _says_nothing(name: str) -> bool:
    """Whether a call's name is one that every container has: `findLast` gives no last name."""
    return table().carries(name) or _CHOOSES.fullmatch(name) is not None


def _argument(slot: str, value: Value) -> Argument:
    runs = [ref for name in _RUN_BY_NAME if value.has(name) for ref in value.part(name).refs]
    refs = tuple(ref for ref in (*value.refs, *runs) if ref.startswith(_FUNCTIONS))[:_REFS_GIVEN]
    text = value.text if value.text is not None and len(value.text) < _LONG_TEXT else None
    return Argument(slot, value.given(), refs, value.literal, text, tuple(value.parts or ()))


def _both(one: Argument, other: Argument) -> Argument:
    given = dict(one.given)
    for part, atoms in other.given:
        given[part] = given.get(part, NOTHING) | atoms
    refs = tuple(dict.fromkeys((*one.refs, *other.refs)))[:_REFS_GIVEN]
    names = tuple(dict.fromkeys((*one.names, *other.names)))
    return Argument(one.slot, tuple(given.items()), refs, one.literal and other.literal, one.text or other.text, names)


def _left_out(call: f.Call) -> tuple[str, ...]:
    """The fields that a call leaves out: `frame.drop(columns=["email"])`, `user.model_dump(exclude={"email"})`."""
    slots = _LEAVES.get(_last(call.callee), ())
    given = [each.value for each in call.arguments if (each.name or "*") in slots]
    texts = [inner for each in given for inner in (each.items if isinstance(each, f.Items) else [each])]
    return tuple(each.value for each in texts if isinstance(each, f.Text))[:_MANY_LEFT_OUT]


def _last(callee: f.Expr) -> str:
    return callee.name if isinstance(callee, f.Attr | f.Var) else ""


def _chains(name: str) -> bool:
    """Whether a method that fills what it is called on may give it back: `append`, and not `setdefault`."""
    return fills(name) and name != "setdefault"


def _entry(of: f.Expr) -> f.Expr:
    """What is filled: of `d.setdefault(key, []).append(x)` an entry of `d`, of `b.append(x).append(y)` still `b`."""
    while isinstance(of, f.Call) and isinstance(of.callee, f.Attr) and _chains(of.callee.name):
        of = of.callee.of
    if isinstance(of, f.Call) and isinstance(of.callee, f.Attr) and of.callee.name in ("setdefault", "get"):
        key = next((each.value for each in of.arguments if not each.name), None)
        return of if key is None else f.Item(of.callee.of, key, of.at)
    return of


def _put_in(one: _Made) -> Value:
    """What a method that fills a container adds to it."""
    name, given = one.name, one.given
    if name in ("set", "put", "setdefault", "insert") and len(given) > 1:
        key = given[0].text
        return Value(NOTHING, {key: given[1]}, closed=True) if key and name != "insert" else given[-1]
    if name in ("extend", "addAll"):
        return joined([value.element() for value in given])
    names = [each.name for each in one.call.arguments]
    if name == "update" and names and all(each.isidentifier() for each in names):
        return Value(NOTHING, dict(zip(names, given, strict=True)), closed=True)
    return joined(given) if len(given) < 2 or any(value.parts for value in given) else mixed(given)


def _pair(receiver: Value) -> Value:
    """A key with its value."""
    keys = (receiver.parts or {}).get(ELEMENT, EMPTY)  # only keys that nobody can read are kept as values
    return Value(NOTHING, {"0": Value(keys.all), "1": Value(receiver.all, refs=receiver.element().refs)}, closed=True)


def _pairs(name: str, given: list[Value]) -> Value:
    elements = [value.element() for value in given]
    both = [EMPTY, *elements[:1]] if name == "enumerate" else elements
    pair = Value(NOTHING, {str(index): value for index, value in enumerate(both)}, closed=True)
    return Value(NOTHING, {ELEMENT: pair}, closed=True)


def _kept_kind(call: f.Call) -> str | None:
    """The class whose objects a call reads: the name its chain starts from, or the one it is given."""
    root: f.Expr = call.callee
    names: list[str] = []
    while isinstance(root, f.Attr | f.Call | f.Item):
        if isinstance(root, f.Attr):
            names.append(root.name)
        elif isinstance(root, f.Call):
            named = next((each.value for each in root.arguments[:1] if _is_kind(each.value)), None)
            if isinstance(named, f.Var) and (_last(root.callee) in _SELECTS):
                return named.name
        root = root.callee if isinstance(root, f.Call) else root.of
    if _is_kind(root) and isinstance(root, f.Var):
        return root.name
    if isinstance(root, f.Var) and len(names) > 1 and (names[2] if len(names) == 3 else root.name) in _STORES:
        return names[1][:1].upper() + names[1][1:]
    named = next((each.value for each in call.arguments[:1] if _is_kind(each.value)), None)
    return named.name if isinstance(named, f.Var) and _last(call.callee) in ("get", "query", "select") else None


def _selected(made: Atom, columns: Mapping[str, Sequence[str]], refs: tuple[Ref, ...]) -> Value:
    """The row of a query that names its columns, and of a row of another table in it only what is named there."""
    parts = {}
    for name, inner in columns.items():
        whole = Value(frozenset({(*made[:-1], name)}))
        own = {each: Value(frozenset({(*made[:-1], f"{name}{INNER}{each}")})) for each in inner}
        row = Value(NOTHING, own, closed=True)
        parts[name] = row.with_part(ELEMENT, row) if inner else whole
    return Value(NOTHING, parts, refs=refs, closed=True)


def _named(call: f.Call, option: str) -> dict[str, list[str]]:
    """The columns that a query names: `findMany({ select: { name: true } })`, `find({ select: ["name"] })`.

    Each with those of a row of another table: `select: { user: { select: { email: true } } }`.
    """
    for each in call.arguments:
        pairs = each.value.pairs if isinstance(each.value, f.Record) else ()
        for name, inner in pairs:
            if name == option and isinstance(inner, f.Record):
                return {column: _inside(one, option) for column, one in inner.pairs}
            if name == option and isinstance(inner, f.Items):
                return {item.value: [] for item in inner.items if isinstance(item, f.Text)}
    return {}


def _inside(each: f.Expr, option: str) -> list[str]:
    pairs = each.pairs if isinstance(each, f.Record) else ()
    return [
        column for name, inner in pairs if name == option and isinstance(inner, f.Record) for column, _ in inner.pairs
    ]


def _is_kind(each: f.Expr) -> bool:
    return isinstance(each, f.Var) and each.name[:1].isupper() and not each.name.isupper()

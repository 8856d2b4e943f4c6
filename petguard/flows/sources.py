"""Where personal data enters: names that mean it, objects of types that hold it, and files of it.

A name is judged by the taxonomy together with what it is read from. The value that bears the name is remembered: when
it already brings the same data from elsewhere, that place is the source and the name only a further step.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from petguard import taxonomy
from petguard.flows import form as f
from petguard.flows.summary import Atom, Atoms, Source, Summary
from petguard.flows.told import NOTHING_TOLD, Column, Told
from petguard.flows.values import ELEMENT, NOTHING, Value

_LONGEST_LABEL = 80
_TOOL = re.compile(r"(?i)(?:tool(?:_plain)?|kernel_?function)(?:\(\))?\Z")
_OF_A_LIBRARY = re.compile(r"i:[^|]*\|[^|]*\|\.\w+")
_TEMPLATE = re.compile(
    r"Template(?:\||\(\))*\.(?:from_\w+|from[A-Z]\w*)\(\)\Z"
)  # `PromptTemplate.from_template("...")`
_MANY_WORDS = 24
_NOBODYS = frozenset(
    {"environ", "env", "config", "cfg", "conf", "settings", "os", "constants", "argparse", "translations"}
)
# Libraries that say what data looks like, or make it up.
_DESCRIBE = tuple(
    f"i:{module}{end}"
    for module in (
        *("zod", "yup", "joi", "@hapi/joi", "valibot", "superstruct", "io-ts", "@sinclair/typebox", "arktype"),
        *("@faker-js/faker", "faker", "chance", "factory", "mimesis"),
    )
    for end in "|/"
)
_TEXTS = frozenset(
    {"str", "string", "String", "EmailStr", "CharSequence", "SecretStr", "Text", "AnyStr", "Form", "Query"}
)
_BUILT_IN = frozenset(
    [
        "Any", "Annotated", "Array", "ArrayList", "AsyncGenerator", "AsyncIterator", "AsyncSession", "Awaitable",
        "BackgroundTasks", "Boolean", "Callable", "ClassVar", "Collection", "Context", "Coroutine", "DataFrame", "Date",
        "Decimal", "Depends", "Dict", "Double", "Duration", "Enum", "Error", "Exception", "Final", "Float", "Flow",
        "Func", "Function", "Generator", "HashMap", "HttpRequest", "HttpResponse", "Integer", "Iterable", "Iterator",
        "LinkedHashMap", "List", "ListInt", "Literal", "LocalDate", "LocalDateTime", "Long", "Map", "Mapping", "Model",
        "MutableMapping", "NextFunction", "NextRequest", "Number", "Object", "Observable", "Optional", "Partial",
        "Path", "Pick", "Promise", "Readonly", "Record", "Request", "Response", "ResponseWriter", "Result", "Sequence",
        "Series", "Session", "Set", "Short", "Stream", "String", "Time", "Timestamp", "Tuple", "Type", "UUID", "Union",
        "Unit", "Void", "WebSocket"
    ])  # fmt: skip


def spelled(each: f.Expr) -> str:
    """How an expression is addressed, without the arguments of its calls: they may hold secrets."""
    parts: list[str] = []
    while True:
        match each:
            case f.Var():
                return f"{each.name}{''.join(reversed(parts))}"[-_LONGEST_LABEL:]
            case f.Attr():
                parts.append(f".{each.name}")
                each = each.of
            case f.Item():
                parts.append("[]")
                each = each.of
            case f.Call():
                parts.append("()")
                each = each.callee
            case _:
                return f"…{''.join(reversed(parts))}"[-_LONGEST_LABEL:]


def words_of(each: f.Expr | None, value: Value) -> tuple[str, ...]:
    """The names in an expression, nearest first, behind those of the types its value is declared with."""
    types = sorted(
        ref[2:].partition("|")[0] for ref in value.refs if ref.startswith("t:") and ref.endswith(("|", "[]"))
    )
    return (*types, *(() if each is None else _names(each)))


def _names(each: f.Expr) -> Iterator[str]:
    pending: list[f.Expr] = [each]
    for _ in range(_MANY_WORDS):
        if not pending:
            return
        match pending.pop():
            case f.Var(name=name):
                yield name
            case f.Attr(name=name, of=of):
                yield name
                pending.append(of)
            case f.Item(of=of, key=key):
                if isinstance(key, f.Text):
                    yield key.value
                pending.append(of)
            case f.Call(callee=callee, arguments=arguments):
                pending += [*(given.value for given in arguments[:2] if isinstance(given.value, f.Var)), callee]
            case f.Only(parts=parts) | f.Mix(parts=parts) | f.Choice(options=parts):
                pending += parts
            case _:
                pass


def _possible(name: str) -> bool:
    """Whether a name may mean personal data at all, whatever it is read from; a constant is none."""
    return not name.isupper() and bool(taxonomy.possible(name))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is read: a place, and the function around it."""

    at: f.Place
    function: str


class Reading:
    """Finds the personal data that one file reads, and adds it to the summary."""

    def __init__(self, summary: Summary, told: Told = NOTHING_TOLD) -> None:
        self._sources, self._told = summary.sources, told
        self._known: dict[tuple[str, f.Place, str], int] = {}

    def part(self, base: Value, of: f.Expr | None, name: str, at: f.Place, function: str) -> Value:
        """What reading `name` from a value gives; personal data where the two together mean some."""
        if base.has(name):
            return base.part(name)
        return self.named(base.part(name), words_of(of, base), of, name, Spot(at, function))

    def named(self, value: Value, words: tuple[str, ...], of: f.Expr | None, name: str, spot: "Spot") -> Value:
        """A value that bears a name, in the context of some words, nearest first; `of` is what it is read from."""
        told = self._told.of(words, name)
        if told is not None and not value.literal:
            label = f"{spelled(of)}.{name}" if of is not None else name
            made = Source(spot.at, label, "name", told.categories, told.because, spot.function, value.all)
            return Value(frozenset({self._add(made)}), refs=value.refs)
        if not _possible(name) or not _NOBODYS.isdisjoint(word.lower() for word in words) or _is_a_class(value, name):
            return value
        found = taxonomy.explain(*reversed(words), name)
        if found is None or value.literal:
            return value
        label = f"{spelled(of)}.{name}" if of is not None else name
        made = Source(spot.at, label, "name", (found.category,), found.because, spot.function, value.all)
        return Value(frozenset({self._add(made)}), refs=value.refs)

    def variable(self, name: str, value: Value, at: f.Place, function: str) -> Value:
        """A variable that has to be taken at its name, because its value says less."""
        if value.literal or value.parts is not None or not _possible(name) or _is_something_else(value):
            return value
        found = taxonomy.explain(name)
        if found is None or self._brings(value.atoms, found.category):
            return value
        source = self._add(Source(at, name, "name", (found.category,), found.because, function, value.atoms))
        return Value(frozenset({source}), refs=value.refs)

    def parameter(self, each: f.Parameter, function: str, value: Value) -> Value:
        """A parameter whose name or type means personal data."""
        if each.kind in ("*", "**") or each.pattern is not None:
            return self._typed(each, function, value)
        found = taxonomy.explain(function.rpartition(".")[2], each.name) if _possible(each.name) else None
        if found is None or not _may_be_text(each.types):
            return self._typed(each, function, value)
        source = self._add(Source(each.at, each.name, "name", (found.category,), found.because, function, value.atoms))
        return Value(frozenset({source}), refs=value.refs)

    def _typed(self, each: f.Parameter, function: str, value: Value) -> Value:
        return self.typed(each.name, each.types, Spot(each.at, function), value)

    def typed(self, name: str, names: tuple[str, ...], spot: Spot, value: Value) -> Value:
        """A value that is said to be of a type: also an object of it, when the type is a class."""
        types = tuple(each for each in names if _is_class_name(each))
        if not types:
            return value
        source = self.object(spot.at, name, types, spot.function, value.atoms)
        return Value(value.atoms | {source}, refs=value.refs)

    def returned(self, each: f.Function, function: str, value: Value) -> Atoms:
        """What a tool says that it gives back: nobody in the tree calls it, and what it calls may be elsewhere."""
        types = tuple(name for name in each.returns if _is_class_name(name))
        if not types or not any(_TOOL.search(spelled(decorator)) for decorator in each.decorators):
            return NOTHING
        return frozenset({self.object(each.at, each.name, types, function, value.all)})

    def object(self, at: f.Place, label: str, types: tuple[str, ...], function: str, over: Atoms) -> Atom:
        """An object that is of one of these types: what it holds is known when all files are."""
        return self._add(Source(at, label, "object", types, "", function, over))

    def columns(self, table: str, names: Iterable[str], at: f.Place, function: str) -> Value:
        """The rows of a query: each column by name and by position."""
        parts: dict[str, Value] = {}
        for index, (column, given) in enumerate(_columns(names)):
            told, found = self._told.of([table], column), None
            if told is None and _possible(column):
                found = taxonomy.explain(table, column)
            atoms = NOTHING
            if told is not None or found is not None:
                label = f"{table}.{column}" if table else column
                says, because = _says(told, found)
                atoms = frozenset({self._add(Source(at, label, "name", says, because, function))})
            parts[given] = parts[str(index)] = Value(atoms)
        row = Value(NOTHING, parts, closed=True)
        return row.with_part(ELEMENT, row)

    def file(self, path: str, at: f.Place, function: str) -> Atom:
        """What a file of data holds."""
        return self._add(Source(at, path, "file", (path,), "", function))

    def _add(self, source: Source) -> Atom:
        key = source.function, source.at, source.label
        if key not in self._known:
            self._known[key] = len(self._sources)
            self._sources.append(source)
        known = self._sources[self._known[key]]
        known.over = known.over | source.over
        return ("s", self._known[key], "")

    def _brings(self, atoms: Atoms, category: str) -> bool:
        """Whether a value is already known as data of this category."""
        sources = (self._sources[int(atom[1])] for atom in atoms if atom[0] == "s")
        return any(category in each.says for each in sources)


def _columns(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each column with the name that the query gives it: `u.email AS contact`."""
    for each in names:
        words = re.findall(r"\w+", each)
        if not words:
            continue
        renamed = len(words) > 1 and words[-2].lower() == "as"
        column = words[-3] if renamed and len(words) > 2 else words[-1]
        yield column, words[-1]


def _says(told: Column | None, found: taxonomy.Classification | None) -> tuple[tuple[str, ...], str]:
    """The categories of a column and why: as a declaration tells them, else as its name does."""
    if told is not None:
        return told.categories, told.because
    return ((found.category,), found.because) if found is not None else ((), "")


def describes(value: Value) -> bool:
    """Whether a value is a part of a schema or made up: what `z.string().email()` gives is nobody's e-mail."""
    return any(ref.startswith(_DESCRIBE) for ref in value.refs)


def _is_a_class(value: Value, name: str) -> bool:
    """Whether a name is that of a class or constant of a library: `service_account.Credentials`."""
    return name[:1].isupper() and any(_OF_A_LIBRARY.fullmatch(ref) for ref in value.refs)


def _is_something_else(value: Value) -> bool:
    """A function, a class, an object of one or a template: `email = EmailMessage()`."""
    if describes(value) or any(_TEMPLATE.search(ref) for ref in value.refs):
        return True
    for ref in value.refs:
        name = ref.removesuffix("()").removesuffix("|").rpartition(".")[2].rpartition("|")[2].rpartition(":")[2]
        if ref.startswith("l:") and not ref.endswith("()"):
            return True
        if ref.endswith("()") and name[:1].isupper() and not name.isupper():
            return True
    return False


def _may_be_text(types: tuple[str, ...]) -> bool:
    """Whether a declared type lets a value be what its name says."""
    last = [name.rpartition(".")[2] for name in types]
    if "bool" in last or "Callable" in last:
        return False
    return not last or any(name in _TEXTS or name in _BUILT_IN or not name[:1].isupper() for name in last)


def _is_class_name(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last[:1].isupper() and last not in _BUILT_IN and last not in _TEXTS

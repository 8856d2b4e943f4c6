"""What calls of the Java library, and of Kotlin's, do with values where a call alone does not say it."""

import re
from collections.abc import Collection, Sequence

from petguard.flows import form as f
from petguard.flows.calls import fills

_KEY = re.compile(r"[A-Za-z_][\w-]{0,60}")
_ITSELF = frozenset(  # without arguments: the thing, or what is in it
    [
        "get", "orElseThrow", "join", "block", "intern", "getBytes", "toByteArray", "toCharArray", "stream",
        "parallelStream", "toList", "toSet", "trim", "strip", "toLowerCase", "toUpperCase", "lowercase", "uppercase",
        "trimIndent", "trimMargin", "orEmpty", "asSequence", "toMutableList", "encodeToByteArray", "await", "first",
        "last", "single", "firstOrNull", "lastOrNull", "singleOrNull", "blockFirst", "getFirst", "getLast", "toUri",
    ]
)  # fmt: skip
_BY_KEY = frozenset(
    ["get", "getString", "optString", "getParameter", "getHeader", "path", "getAsString", "getFirst", "getObject",
     "getProperty", "getInt", "getLong", "getDate", "getAttribute", "remove"]
)  # fmt: skip
_COLUMNS = frozenset({"getString", "getObject", "getInt", "getLong", "getDate"})
_LISTS = frozenset(
    [
        "List.of", "Set.of", "Stream.of", "Arrays.asList", "Collections.singletonList", "Collections.singleton",
        "ImmutableList.of", "ImmutableSet.of", "Flux.just", "Mono.just", "listOf", "setOf", "mutableListOf",
        "mutableSetOf", "arrayOf", "sequenceOf", "flowOf", "arrayListOf", "listOfNotNull", "hashSetOf", "linkedSetOf",
        "ArrayList", "LinkedList", "HashSet", "LinkedHashSet", "TreeSet", "ArrayDeque", "CopyOnWriteArrayList",
        "StringBuilder", "StringBuffer", "StringJoiner", "StringWriter",
    ]
)  # fmt: skip
_COPIES = frozenset({"ArrayList", "LinkedList", "HashSet", "LinkedHashSet", "TreeSet", "ArrayDeque"})
_MAPS = frozenset(
    ["HashMap", "LinkedHashMap", "TreeMap", "ConcurrentHashMap", "JSONObject", "JsonObject", "HashMap.newHashMap"]
)  # fmt: skip
_KOTLIN_MAPS = frozenset({"mapOf", "mutableMapOf", "hashMapOf", "linkedMapOf", "sortedMapOf"})
_TEXTS = frozenset(
    ["String.format", "String.join", "String.valueOf", "MessageFormat.format", "Objects.toString", "String.copyValueOf"]
)
_SAME = frozenset(
    [
        "Optional.of", "Optional.ofNullable", "Objects.requireNonNull", "Arrays.stream", "List.copyOf", "Set.copyOf",
        "Map.copyOf", "Collections.unmodifiableList", "CompletableFuture.completedFuture", "requireNotNull",
        "checkNotNull",
    ]
)  # fmt: skip
_MADE_OF = frozenset({"formatted", "format", "concat", "plus"})
_CLIENTS = re.compile(r"(?i).*(?:client|http|rest|web|api|template)s?")
_FILLS = re.compile(r"(?:add|put|append|with|write|insert|push)(?:[A-Z]\w*)?")
_SETS = re.compile(r"set([A-Z]\w*)")
_BUILDERS = re.compile(r"builder|newBuilder|Builder")
_ARGUMENTS = 40


def path_of(each: f.Expr) -> str:
    """A dotted name; empty for what is none."""
    parts: list[str] = []
    while isinstance(each, f.Attr):
        parts.append(each.name)
        each = each.of
    return ".".join([each.name, *reversed(parts)]) if isinstance(each, f.Var) else ""


def known_call(call: f.Call, foreign: Collection[str]) -> f.Expr:
    """The call, or what it means to the values in it. `foreign` are the names of classes of libraries."""
    plain = [each.value for each in call.arguments if not each.name]
    if len(plain) < len(call.arguments):
        return call
    path = path_of(call.callee)
    made = _maker(path, plain) if path else None
    if made is None and isinstance(call.callee, f.Attr):
        made = _method(call.callee, plain) or _built(call, foreign)
    return call if made is None else made


def _maker(path: str, given: Sequence[f.Expr]) -> f.Expr | None:
    """What makes a text, a list or a map."""
    if path in _TEXTS:
        return f.Mix(given)
    if path in _LISTS:
        return f.Items([f.Spread(each) for each in given] if path in _COPIES else given)
    if path in _SAME and given:
        return given[0]
    pairs = _map(path, given)
    return None if pairs is None else f.Record(pairs)


def _map(path: str, given: Sequence[f.Expr]) -> Sequence[tuple[str, f.Expr]] | None:
    """What a map, or one entry of it, is made of."""
    if path == "Map.of" and len(given) % 2 == 0:
        return [pair(given[index], given[index + 1]) for index in range(0, len(given), 2)]
    if path in ("Map.entry", "AbstractMap.SimpleEntry", "Pair.of") and len(given) == 2:
        return [pair(*given)]
    if path in _MAPS or path in _KOTLIN_MAPS or path == "Map.ofEntries":
        return [each for value in given for each in _pairs(value)]
    return None


def pair(key: f.Expr, value: f.Expr) -> tuple[str, f.Expr]:
    """A key with its value; a key that nobody can read is left out."""
    return (key.value if isinstance(key, f.Text) else ""), value


def _pairs(value: f.Expr) -> Sequence[tuple[str, f.Expr]]:
    return value.pairs if isinstance(value, f.Record) else [("", f.Spread(value))]


def _method(callee: f.Attr, given: Sequence[f.Expr]) -> f.Expr | None:
    """What is called on a text, a list, a map, a row."""
    name, of = callee.name, callee.of
    if not given:
        if name == "toString":
            return f.Mix([of])
        is_asked = name == "get" and _CLIENTS.fullmatch(path_of(of).rpartition(".")[2])
        return of if name in _ITSELF and not is_asked else None
    if name in _MADE_OF:
        return f.Mix([of, *given])
    key = given[0]
    if isinstance(key, f.Text) and name in (*_BY_KEY, "getOrDefault"):
        if _KEY.fullmatch(key.value):
            part = f.Item(of, key, callee.at)
            return f.Choice([part, *given[1:]]) if len(given) > 1 else part
        if name in _COLUMNS and key.value.isdigit() and len(given) == 1:  # the first column of a row is 1
            return f.Item(of, f.Text(str(max(int(key.value) - 1, 0)), key.at), callee.at)
    return None


def _built(call: f.Call, foreign: Collection[str]) -> f.Expr | None:
    """`X.builder().email(e).build()` makes an `X` with an `email`; what a library builds keeps its own path."""
    links: list[tuple[str, f.Call]] = []
    step: f.Expr = call
    while isinstance(step, f.Call) and isinstance(step.callee, f.Attr) and len(links) < _ARGUMENTS:
        links.append((step.callee.name, step))
        step = step.callee.of
    if len(links) < 2 or links[0][0] != "build" or links[0][1].arguments:
        return None
    start, first = links[-1]
    if _BUILDERS.fullmatch(start) is None or not _is_class(step) or path_of(step) in foreign:
        return None
    given = [each for _, link in reversed(links[1:-1]) for each in _link(link)]
    return f.Call(step, [*first.arguments, *given], call.at, call.end, new=True)


def _is_class(each: f.Expr) -> bool:
    name = path_of(each).rpartition(".")[2]
    return name[:1].isupper() and not name.isupper()


def _link(link: f.Call) -> Sequence[f.Argument]:
    """What one method of a builder adds; one without arguments adds nothing."""
    assert isinstance(link.callee, f.Attr), "only links of a chain are looked at"
    values = [each.value for each in link.arguments]
    if not values:
        return []
    return [f.Argument(values[0] if len(values) == 1 else f.Mix(values), link.callee.name)]


def filled(value: f.Expr, *, is_builder: bool) -> list[f.Statement]:
    """A call for the sake of what it does: also what it leaves in the object that it is called on."""
    done = f.Do(value)
    if not isinstance(value, f.Call) or not isinstance(value.callee, f.Attr) or not value.arguments:
        return [done]
    of, name, at = value.callee.of, value.callee.name, value.at
    given = [each.value for each in value.arguments]
    if (isinstance(of, f.Var) and of.name == "self") or not isinstance(of, f.Var | f.Attr) or _is_class(of):
        return [done]
    setter = _SETS.fullmatch(name)
    if setter is not None and len(given) == 1:
        named = setter[1][:1].lower() + setter[1][1:]
        return [done, f.Let([f.Attr(of, named, at)], given[0], at)]
    if is_builder and not fills(name):
        return [done, f.Let([f.Attr(of, name, at)], f.Mix(given), at, adds=True)]
    if _FILLS.fullmatch(name) and not fills(name):
        return [done, f.Let([f.Item(of, f.Only([]), at)], f.Mix(given), at, adds=True)]
    return [done]


def foreign(of: f.Form) -> frozenset[str]:
    """The classes that a file imports from elsewhere than the packages of its own organisation."""
    own = of.package.split(".")[:2]
    return frozenset(each.local for each in of.imports if each.module.split(".")[:2] != own)

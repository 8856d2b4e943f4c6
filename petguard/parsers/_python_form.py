"""Brings Python's own syntax tree into the form in which values are followed."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from petguard.flows import form as f
from petguard.parsers._python_syntax import parsed

_RECORDS = frozenset(
    {"dataclass", "dataclasses.dataclass", "attr.s", "attrs.define", "define", "attr.define", "attrs.frozen"}
)
_RECORD_BASES = frozenset(
    {"BaseModel", "SQLModel", "NamedTuple", "TypedDict", "Schema", "BaseSettings", "Struct", "RootModel"}
)
_LONGEST_TYPE = 200
_KEY = re.compile(r"[A-Za-z_][\w .-]*")  # no address: `requests.get("https://...")` is a call
_MIXES = frozenset({"format", "format_map", "join", "substitute", "safe_substitute"})
_TAKES_KEY = frozenset({"get", "pop", "getlist", "__getitem__"})


def form(tree: ast.Module) -> f.Form:
    """A whole file. RecursionError when it is nested deeper than the stack."""
    return f.Form(imports=[each for node in _statements(tree.body) for each in _imports(node)], body=_block(tree.body))


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement, also those inside of others."""
    pending = [iter(body)]
    while pending:
        node = next(pending[-1], None)
        if node is None:
            pending.pop()
            continue
        yield node
        pending += [iter(inner) for name in ("body", "orelse", "finalbody") if (inner := getattr(node, name, None))]
        pending += [iter(part.body) for name in ("handlers", "cases") for part in getattr(node, name, ())]


def _imports(node: ast.stmt) -> Iterator[f.Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            local = alias.asname or alias.name.split(".")[0]
            yield f.Import(alias.name if alias.asname else local, "", local)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield f.Import("." * node.level + (node.module or ""), alias.name, alias.asname or alias.name)


def _at(node: ast.expr | ast.stmt | ast.arg) -> f.Place:
    return f.place(node.lineno, node.col_offset + 1)


def _end(node: ast.expr | ast.stmt) -> f.Place:
    return f.place(node.end_lineno or node.lineno, (node.end_col_offset or node.col_offset) + 1)


# --- statements ---------------------------------------------------------------------------------------------------


def _body(nodes: Iterable[ast.stmt]) -> Iterator[f.Statement]:
    for node in nodes:
        lower = _STATEMENTS.get(type(node))
        if lower is not None:
            yield from lower(node)


def _block(nodes: Iterable[ast.stmt]) -> list[f.Statement]:
    return list(_body(nodes))


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, *, method: bool = False) -> f.Function:
    decorators = [expression(each) for each in node.decorator_list]
    named = {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
    parameters = list(_parameters(node.args))
    if method and "staticmethod" not in named and parameters and not parameters[0].kind:
        parameters = parameters[1:]
    return f.Function(
        node.name,
        parameters,
        _block(node.body),
        _at(node),
        _end(node),
        names_in(node.returns),
        decorators,
        static="staticmethod" in named,
        takes_object=method and not named & {"staticmethod", "classmethod"},
        outer=frozenset(_outer(node.body)),
    )


def _outer(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that a function declares as those of the code around it."""
    pending = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            pending += [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt)]


def _parameters(given: ast.arguments) -> Iterator[f.Parameter]:
    plain = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [*[None] * (len(plain) - len(given.defaults)), *given.defaults]
    for each, default in zip(plain, defaults, strict=True):
        yield _parameter(each, default, "")
    if given.vararg is not None:
        yield _parameter(given.vararg, None, "*")
    for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield _parameter(each, default, "keyword")
    if given.kwarg is not None:
        yield _parameter(given.kwarg, None, "**")


def _parameter(node: ast.arg, default: ast.expr | None, kind: str) -> f.Parameter:
    value = None if default is None else expression(default)
    return f.Parameter(node.arg, _at(node), names_in(node.annotation), value, kind)


def _define(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef), "dispatched by type"
    yield _function(node)


def _class(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.ClassDef), "dispatched by type"
    bases = tuple(filter(None, (_dotted(base) for base in node.bases)))
    decorators = [expression(each) for each in node.decorator_list]
    called = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    record = any(_dotted(each) in _RECORDS for each in called) or any(
        base.rpartition(".")[2] in _RECORD_BASES or base.endswith(("Base", "Schema")) for base in bases
    )
    body: list[f.Statement] = []
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            body.append(_function(each, method=True))
        elif not isinstance(each, ast.AnnAssign | ast.Assign):
            body += _body([each])
    yield f.Class(node.name, bases, list(_fields(node)), body, _at(node), record, decorators)


def _fields(node: ast.ClassDef) -> Iterator[f.Field]:
    """What a class declares: annotated names, and names that get a column, field or value."""
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            value = None if each.value is None else expression(each.value)
            yield f.Field(each.target.id, _at(each), names_in(each.annotation), value)
        elif isinstance(each, ast.Assign):
            for target in each.targets:
                if isinstance(target, ast.Name):
                    yield f.Field(target.id, _at(each), (), expression(each.value))


def _assign(node: ast.stmt) -> Iterator[f.Statement]:
    given = node.value if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) else None
    if isinstance(given, ast.Yield) and given.value is not None:
        yield f.Give(expression(given.value), _at(node), more=True)
    if isinstance(node, ast.Assign):
        yield f.Let([expression(each) for each in node.targets], expression(node.value), _at(node))
        if _takes_out(node.value):
            yield _without(node.value)
    elif isinstance(node, ast.AugAssign):
        yield f.Let([expression(node.target)], expression(node.value), _at(node), adds=True)
    elif isinstance(node, ast.AnnAssign):
        value = None if node.value is None else expression(node.value)
        yield f.Let([expression(node.target)], value, _at(node), types=names_in(node.annotation))


def _return(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.Return), "dispatched by type"
    yield f.Give(None if node.value is None else expression(node.value), _at(node))


def _expression_statement(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.Expr), "dispatched by type"
    inner = node.value.value if isinstance(node.value, ast.Await) else node.value
    if isinstance(inner, ast.Yield | ast.YieldFrom):
        yield f.Give(None if inner.value is None else expression(inner.value), _at(node), more=True)
    elif _takes_out(inner):
        yield _without(inner)
    elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and _changes_in_place(inner):
        yield f.Let([expression(inner.func.value)], expression(inner), _at(node))
    elif not isinstance(inner, ast.Constant):
        yield f.Do(expression(inner))


def _without(node: ast.expr) -> f.Statement:
    """What `d.pop("key")` leaves behind."""
    part = expression(node)
    return f.Let([part.options[0] if isinstance(part, f.Choice) else part], f.Constant(), _at(node))


def _changes_in_place(node: ast.Call) -> bool:
    """`frame.drop(columns=["email"], inplace=True)`: the same as if its result got the frame's name."""
    return any(
        each.arg == "inplace" and isinstance(each.value, ast.Constant) and each.value.value is True
        for each in node.keywords
    )


def _takes_out(node: ast.expr) -> bool:
    """`d.pop("key", None)` as a statement: the part is gone afterwards."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "pop":
        return False
    return isinstance(_special(node), f.Item | f.Choice)


def _if(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.If), "dispatched by type"
    tests, arms, rest = [expression(node.test)], [_block(node.body)], node.orelse
    while len(rest) == 1 and isinstance(rest[0], ast.If):  # a row of `elif`
        tests.append(expression(rest[0].test))
        arms.append(_block(rest[0].body))
        rest = rest[0].orelse
    yield f.Branch(tests, [*arms, _block(rest)], _at(node))


def _match(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.Match), "dispatched by type"
    arms: list[list[f.Statement]] = []
    subject = expression(node.subject)
    for case in node.cases:
        bound = list(_captured(case.pattern, subject, _at(node)))
        guard = [f.Do(expression(case.guard))] if case.guard is not None else []
        arms.append([*bound, *guard, *_body(case.body)])
    last = node.cases[-1].pattern if node.cases else None
    if not (isinstance(last, ast.MatchAs) and last.pattern is None):
        arms.append([])
    yield f.Branch([subject], arms, _at(node))


def _captured(pattern: ast.pattern, subject: f.Expr, at: f.Place) -> Iterator[f.Statement]:
    """What a pattern binds: of `{"email": x}` and `User(email=x)` that part, else some part of the subject."""
    for part, inner in _parts(pattern, subject, at):
        yield from _captured(inner, part, at)
    if isinstance(pattern, ast.MatchAs | ast.MatchStar) and pattern.name:
        yield f.Let([f.Var(pattern.name, at)], subject, at)
    elif isinstance(pattern, ast.MatchMapping) and pattern.rest:
        yield f.Let([f.Var(pattern.rest, at)], subject, at)


def _parts(pattern: ast.pattern, subject: f.Expr, at: f.Place) -> Iterator[tuple[f.Expr, ast.pattern]]:
    """The patterns inside of one, each with what it looks at."""
    if isinstance(pattern, ast.MatchMapping):
        yield from (
            (f.Item(subject, expression(key), at), each)
            for key, each in zip(pattern.keys, pattern.patterns, strict=True)
        )
    elif isinstance(pattern, ast.MatchClass):
        named = zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True)
        yield from ((f.Attr(subject, name, at), each) for name, each in named)
        yield from ((_some_of(subject, at), each) for each in pattern.patterns)
    elif isinstance(pattern, ast.MatchSequence):
        for index, each in enumerate(pattern.patterns):
            stars = any(isinstance(one, ast.MatchStar) for one in pattern.patterns[: index + 1])
            key = f.Text(str(index), at)
            yield _some_of(subject, at) if stars else f.Item(subject, key, at), each
    elif isinstance(pattern, ast.MatchOr):
        yield from ((subject, each) for each in pattern.patterns)
    elif isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        yield subject, pattern.pattern


def _some_of(subject: f.Expr, at: f.Place) -> f.Expr:
    return f.Item(subject, f.Mix([]), at)


def _for(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.For | ast.AsyncFor), "dispatched by type"
    yield f.Loop(expression(node.target), expression(node.iter), _block(node.body), _at(node))
    yield from _body(node.orelse)


def _while(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.While), "dispatched by type"
    yield f.Loop(None, expression(node.test), _block(node.body), _at(node))
    yield from _body(node.orelse)


def _with(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.With | ast.AsyncWith), "dispatched by type"
    for item in node.items:
        value = expression(item.context_expr)
        if item.optional_vars is None:
            yield f.Do(value)
        else:
            yield f.Let([expression(item.optional_vars)], value, _at(node))
    yield from _body(node.body)


def _try(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.Try | ast.TryStar), "dispatched by type"
    body = [*_body(node.body), *_body(node.orelse)]
    yield f.Try(body, [_block(each.body) for each in node.handlers], _block(node.finalbody))


def _raise(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.Raise), "dispatched by type"
    yield f.Stop(None if node.exc is None else expression(node.exc))


def _stop(_node: ast.stmt) -> Iterator[f.Statement]:
    yield f.Stop()


def _delete(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.Delete), "dispatched by type"
    for each in node.targets:
        if isinstance(each, ast.Name):
            yield f.Drop(each.id)
        elif isinstance(each, ast.Subscript | ast.Attribute):
            yield f.Let([expression(each)], f.Constant(), _at(each))


def _assert(node: ast.stmt) -> Iterator[f.Statement]:
    assert isinstance(node, ast.Assert), "dispatched by type"
    yield f.Do(expression(node.test))


_STATEMENTS: dict[type[ast.stmt], Callable[[ast.stmt], Iterator[f.Statement]]] = {
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef), _define),
    ast.ClassDef: _class,
    **dict.fromkeys((ast.Assign, ast.AugAssign, ast.AnnAssign), _assign),
    ast.Return: _return,
    ast.Expr: _expression_statement,
    ast.If: _if,
    ast.Match: _match,
    **dict.fromkeys((ast.For, ast.AsyncFor), _for),
    ast.While: _while,
    **dict.fromkeys((ast.With, ast.AsyncWith), _with),
    **dict.fromkeys((ast.Try, ast.TryStar), _try),
    ast.Raise: _raise,
    **dict.fromkeys((ast.Break, ast.Continue), _stop),
    ast.Delete: _delete,
    ast.Assert: _assert,
}


# --- expressions --------------------------------------------------------------------------------------------------


def expression(node: ast.expr) -> f.Expr:
    """One expression, or the target of an assignment."""
    lower = _EXPRESSIONS.get(type(node))
    return f.Constant() if lower is None else lower(node)


def _all(nodes: Iterable[ast.expr | None]) -> list[f.Expr]:
    return [expression(each) for each in nodes if each is not None]


def _constant(node: ast.Constant) -> f.Expr:
    """A number reads as text, so that the bounds of a safeguard can be seen."""
    if isinstance(node.value, str | int | float) and not isinstance(node.value, bool):
        return f.Text(str(node.value), _at(node))
    return f.Constant()


def _name(node: ast.Name) -> f.Expr:
    return f.Var("self" if node.id == "cls" else node.id, _at(node))


def _attribute(node: ast.Attribute) -> f.Expr:
    return f.Attr(expression(node.value), node.attr, _at(node))


def _subscript(node: ast.Subscript) -> f.Expr:
    return f.Item(expression(node.value), _key(node.slice), _at(node))


def _key(node: ast.expr) -> f.Expr:
    """A literal key or position reads as text; a slice is the whole."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return f.Text(str(node.value), _at(node))
    if isinstance(node, ast.Tuple) and node.elts:  # df.loc[rows, "column"]
        return _key(node.elts[-1])
    return f.Constant() if isinstance(node, ast.Slice) else expression(node)


def _call(node: ast.Call) -> f.Expr:
    if isinstance(node.func, ast.Name) and node.func.id == "super":
        return _name(node.func)
    taken = _special(node)
    if taken is not None:
        return taken
    arguments = [
        f.Argument(expression(each.value), "*") if isinstance(each, ast.Starred) else f.Argument(expression(each))
        for each in node.args
    ]
    arguments += [f.Argument(expression(each.value), each.arg or "**") for each in node.keywords]
    return f.Call(expression(node.func), arguments, _at(node), _end(node))


def _special(node: ast.Call) -> f.Expr | None:
    """`d.get("key")` reads a part, `getattr(x, "name")` an attribute, `"".join(xs)` and `.format()` mix."""
    func, given = node.func, node.args
    key = given[0].value if given and isinstance(given[0], ast.Constant) else None
    if isinstance(func, ast.Attribute) and func.attr in _TAKES_KEY and isinstance(key, str) and _KEY.fullmatch(key):
        return _or_default(f.Item(expression(func.value), f.Text(key, _at(node)), _at(node)), given[1:])
    if isinstance(func, ast.Name) and func.id == "getattr" and len(given) > 1:
        name = given[1].value if isinstance(given[1], ast.Constant) else None
        if isinstance(name, str):
            return _or_default(f.Attr(expression(given[0]), name, _at(node)), given[2:])
    if _getter(func) and isinstance(key, str) and len(given) == 1:
        return _reads(key, node)
    if isinstance(func, ast.Attribute) and func.attr in _MIXES:
        return f.Mix([expression(func.value), *_all(given), *(expression(each.value) for each in node.keywords)])
    return None


def _getter(func: ast.expr) -> bool:
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    return name in ("attrgetter", "itemgetter")


def _reads(key: str, node: ast.Call) -> f.Expr:
    """`attrgetter("owner.email")` and `itemgetter("email")` are functions that read this of what they are given."""
    part: f.Expr = f.Var("each", _at(node))
    for name in key.split("."):
        part = f.Attr(part, name, _at(node))
    body = [f.Give(part, _at(node))]
    return f.Lambda(f.Function("", [f.Parameter("each", _at(node))], body, _at(node), _end(node)))


def _or_default(part: f.Expr, default: Sequence[ast.expr]) -> f.Expr:
    return f.Choice([part, *_all(default)]) if default else part


def _dict(node: ast.Dict) -> f.Expr:
    pairs: list[tuple[str, f.Expr]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            pairs.append(("", f.Spread(expression(value))))
        elif isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value:
            pairs.append((key.value, expression(value)))
        else:
            pairs += [("", expression(key)), ("", expression(value))]
    return f.Record(pairs)


def _sequence(node: ast.List | ast.Tuple | ast.Set) -> f.Expr:
    return f.Items(_all(node.elts))


def _starred(node: ast.Starred) -> f.Expr:
    return f.Spread(expression(node.value))


def _joined(node: ast.JoinedStr) -> f.Expr:
    return f.Mix(_all(node.values))


def _binary(node: ast.BinOp) -> f.Expr:
    """`prompt | llm` and the like keep all that is in them; a long sum is one mix, however deep its tree is."""
    parts: list[ast.expr] = []
    pending: list[ast.expr] = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, ast.BinOp):
            pending += [each.left, each.right]
        else:
            parts.append(each)
    return f.Mix(_all(reversed(parts)))


def _boolean(node: ast.BoolOp) -> f.Expr:
    return f.Choice(_all(node.values))


def _ternary(node: ast.IfExp) -> f.Expr:
    return f.Choice([*_all([node.body, node.orelse]), f.Only([expression(node.test)])])


def _compare(node: ast.Compare) -> f.Expr:
    return f.Only(_all([node.left, *node.comparators]))


def _unary(node: ast.UnaryOp) -> f.Expr:
    inner = expression(node.operand)
    if isinstance(node.op, ast.USub):  # `rows[-1]` is not `rows[1]`
        return f.Mix([f.Text("-", _at(node)), inner])
    return f.Only([inner]) if isinstance(node.op, ast.Not) else inner


def _through(node: ast.Await | ast.YieldFrom) -> f.Expr:
    return expression(node.value)


def _formatted(node: ast.FormattedValue) -> f.Expr:
    inner = expression(node.value)
    return inner if node.format_spec is None else f.Mix([inner, expression(node.format_spec)])


def _yield(node: ast.Yield) -> f.Expr:
    return f.Constant() if node.value is None else expression(node.value)


def _lambda(node: ast.Lambda) -> f.Expr:
    body = [f.Give(expression(node.body), _at(node.body))]
    return f.Lambda(f.Function("", list(_parameters(node.args)), body, _at(node), _end(node)))


def _comprehension(node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> f.Expr:
    clauses = [(expression(each.target), expression(each.iter)) for each in node.generators]
    conditions = _all(test for each in node.generators for test in each.ifs)
    if isinstance(node, ast.DictComp):
        element: f.Expr = f.Mix(_all([node.key, node.value]))
    else:
        element = expression(node.elt)
    return f.Each(clauses, conditions, element)


def _walrus(node: ast.NamedExpr) -> f.Expr:
    return f.Assigned(expression(node.target), expression(node.value))


_EXPRESSIONS: dict[type[ast.expr], Callable[..., f.Expr]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.Dict: _dict,
    **dict.fromkeys((ast.List, ast.Tuple, ast.Set), _sequence),
    ast.Starred: _starred,
    ast.JoinedStr: _joined,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.IfExp: _ternary,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    **dict.fromkeys((ast.Await, ast.YieldFrom), _through),
    ast.FormattedValue: _formatted,
    ast.Yield: _yield,
    ast.Lambda: _lambda,
    **dict.fromkeys((ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp), _comprehension),
    ast.NamedExpr: _walrus,
}


# --- types --------------------------------------------------------------------------------------------------------


def names_in(annotation: ast.expr | None) -> tuple[str, ...]:
    """The names in a type, in the order of the text: of `list["Patient"] | None`, `list` and `Patient`."""
    if annotation is None:
        return ()
    found: list[str] = []
    pending: list[ast.expr] = [annotation]
    while pending and len(found) < 8:
        node = pending.pop(0)
        if isinstance(node, ast.Name | ast.Attribute):
            found += filter(None, [_dotted(node)])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < _LONGEST_TYPE:
            pending[:0] = filter(None, [parsed(node.value)])
        elif isinstance(node, ast.Subscript):
            pending[:0] = [node.value, node.slice]
        elif isinstance(node, ast.Tuple | ast.List):
            pending[:0] = node.elts
        elif isinstance(node, ast.BinOp):
            pending[:0] = [node.left, node.right]
        elif isinstance(node, ast.Call):
            pending[:0] = [node.func]
    return tuple(found)


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Subscript):  # Generic[T]
        return _dotted(node.value)
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""

"""Calls of JavaScript's own that move values in a way of their own: they are lowered to what they do."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tree_sitter import Node

from petguard.flows import form as f

if TYPE_CHECKING:
    from petguard.parsers._code.flow_tree import Lowering

_KEY = re.compile(r"[A-Za-z_][\w .-]*")  # no address: `axios.get("https://...")` is a call
_NO_DATA = frozenset({"this", "null", "undefined"})
_CALLED = frozenset({"arrow_function", "function_expression", "identifier", "member_expression"})
_Lower = Callable[[Node, f.Expr, list[Node]], f.Expr | None]


class BuiltIns:
    """Lowers calls for a lowering."""

    def __init__(self, lowering: "Lowering") -> None:
        self._in = lowering
        self._functions: Mapping[str, _Lower] = {
            "Object.keys": self._keys,
            "Object.values": self._values,
            "Array.from": self._values,
            "Object.entries": self._entries,
            "Object.assign": self._together,
            **dict.fromkeys(("Object.freeze", "Object.seal", "structuredClone"), self._itself),
            **dict.fromkeys(("Promise.all", "Promise.allSettled", "Promise.resolve"), self._itself),
        }
        self._methods: Mapping[str, _Lower] = {
            **dict.fromkeys(("get", "getItem", "getAll"), self._part),
            **dict.fromkeys(("join", "concat"), self._mixed),
            "reduce": self._reduced,
            "call": self._called,
            "apply": self._applied,
            "bind": self._bound,
            **dict.fromkeys(("catch", "finally"), self._otherwise),
        }

    def lowered(self, node: Node, callee: f.Expr, given: list[Node]) -> f.Expr | None:
        """What a call does; None for one that is like any other."""
        match callee:
            case f.Attr(of=f.Var(name=of), name=name) if (known := self._functions.get(f"{of}.{name}")) is not None:
                return known(node, callee.of, given) if len(given) == 1 or known == self._together else None
            case f.Attr(of=inner, name=name):
                method = self._methods.get(name)
                return None if method is None else method(node, inner, given)
        return None

    # --- functions ------------------------------------------------------------------------------------------------

    def _keys(self, _node: Node, _of: f.Expr, given: list[Node]) -> f.Expr:
        """The names of fields, and nobody's data."""
        return f.Only([self._in.expression(given[0])])

    def _values(self, _node: Node, _of: f.Expr, given: list[Node]) -> f.Expr:
        return f.Items([f.Spread(self._in.expression(given[0]))])

    def _entries(self, node: Node, _of: f.Expr, given: list[Node]) -> f.Expr:
        at = self._in.at(node)
        value = f.Item(self._in.expression(given[0]), f.Var("<key>", at), at)
        return f.Items([f.Items([f.Constant(), value])])

    def _together(self, _node: Node, _of: f.Expr, given: list[Node]) -> f.Expr:
        """`Object.assign(a, b)` gives back both, and `a` holds them from then on."""
        lowered = [self._in.expression(each) for each in given]
        whole = f.Record([("", f.Spread(each)) for each in lowered])
        return f.Assigned(lowered[0], whole) if lowered and isinstance(lowered[0], f.Var) else whole

    def _itself(self, _node: Node, _of: f.Expr, given: list[Node]) -> f.Expr:
        return self._in.expression(given[0])

    # --- methods --------------------------------------------------------------------------------------------------

    def _part(self, node: Node, of: f.Expr, given: list[Node]) -> f.Expr | None:
        """`form.get("email")`."""
        if len(given) != 1 or given[0].type != "string":
            return None
        key = self._in.text(given[0])[1:-1]
        at = self._in.at(node)
        return f.Item(of, f.Text(key, at), at) if _KEY.fullmatch(key) else None

    def _mixed(self, _node: Node, of: f.Expr, given: list[Node]) -> f.Expr:
        """`[a, b].join()`."""
        return f.Mix([of, *map(self._in.expression, given)])

    def _reduced(self, node: Node, of: f.Expr, given: list[Node]) -> f.Expr | None:
        """What is given after the function is the first result."""
        if len(given) != 2:
            return None
        callee = f.Attr(of, "reduce", self._in.at(node))
        made = f.Call(callee, [self._argument(given[0])], self._in.at(node), self._in.end(node))
        return f.Choice([self._in.expression(given[1]), made])

    def _called(self, node: Node, of: f.Expr, given: list[Node]) -> f.Expr | None:
        """`f.call(this, a)`; with one argument alone more likely a method of that name: `chain.call({ input })`."""
        if not given or (len(given) == 1 and given[0].type not in _NO_DATA):
            return None
        arguments = [self._argument(each) for each in given[1:]]
        return f.Call(of, arguments, self._in.at(node), self._in.end(node))

    def _applied(self, node: Node, of: f.Expr, given: list[Node]) -> f.Expr | None:
        if len(given) != 2:
            return None
        arguments = [f.Argument(self._in.expression(given[1]), "*")]
        return f.Call(of, arguments, self._in.at(node), self._in.end(node))

    def _bound(self, node: Node, of: f.Expr, given: list[Node]) -> f.Expr | None:
        """`f.bind(this)` is the function, `f.bind(this, a)` one that is given `a` first."""
        if len(given) < 2:
            return of if given else None
        arguments = [f.Argument(of), *map(self._argument, given[1:])]
        return f.Call(f.Var("partial", self._in.at(node)), arguments, self._in.at(node), self._in.end(node))

    def _otherwise(self, node: Node, of: f.Expr, given: list[Node]) -> f.Expr | None:
        """`promise.catch(f)`: the value of the promise, or what `f` makes of an error, which is no data."""
        if len(given) != 1 or given[0].type not in _CALLED:
            return None
        callee, at = self._in.expression(given[0]), self._in.at(given[0])
        return f.Choice([of, f.Call(callee, [], at, self._in.end(node))])

    def _argument(self, node: Node) -> f.Argument:
        if node.type != "spread_element":
            return f.Argument(self._in.expression(node))
        inner = next(iter(self._in.kids(node)), None)
        return f.Argument(self._in.expression(inner), "*")


def promised(executor: f.Function) -> f.Expr:
    """`new Promise((resolve, reject) => ...)`: what `resolve` is given, wherever that is called."""
    kept = "<kept>"
    body: list[f.Statement] = [f.Let([f.Var(kept, executor.at)], f.Items([]), executor.at)]
    for index, each in enumerate(executor.parameters[:2]):
        told = [] if index else [f.Do(_push(kept, each))]
        settle = f.Function("", [f.Parameter("value", each.at)], told, each.at, each.at)
        body.append(f.Let([f.Var(each.name, each.at)], f.Lambda(settle), each.at))
    result = f.Item(f.Var(kept, executor.at), f.Var("<any>", executor.at), executor.at)
    # It may return anywhere, and what was settled until then counts.
    body.append(f.Try(executor.body, [[]], [f.Give(result, executor.end)]))
    whole = f.Function("", [], body, executor.at, executor.end)
    return f.Call(f.Lambda(whole), [], executor.at, executor.end)


def _push(kept: str, each: f.Parameter) -> f.Call:
    value = f.Argument(f.Var("value", each.at))
    return f.Call(f.Attr(f.Var(kept, each.at), "push", each.at), [value], each.at, each.at)

"""Brings JavaScript and TypeScript, JSX too, into the form in which values are followed."""

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code.flow_javascript_classes import FUNCTIONS, Classes

_LONGEST_ROW = 20  # of `else if`, each inside of the one before
_COMPONENTS = frozenset({"defineComponent", "Vue.extend", "reactive", "Object.freeze"})


def form(data: bytes, function: str) -> f.Form:
    """A whole file. `function` names the grammar: `javascript`, `typescript` or `tsx`."""
    return _JavaScript(data, function).lowered()


class _JavaScript(Classes):
    def __init__(self, data: bytes, function: str) -> None:
        super().__init__(data, function)
        self._exported = 0
        self.statements = {
            **self.statements,
            "import_statement": self._import,
            "export_statement": self._export,
            **dict.fromkeys(("lexical_declaration", "variable_declaration"), self._declaration),
            "expression_statement": self._do,
            "if_statement": self._if,
            "for_statement": self._for,
            "for_in_statement": self._for_each,
            **dict.fromkeys(("while_statement", "do_statement"), self._while),
            "try_statement": self._try,
            "return_statement": self._return,
            "throw_statement": lambda node: [f.Stop(self._first(node))],
            "continue_statement": lambda _node: [f.Stop()],
            "switch_statement": self._switch,
            "labeled_statement": lambda node: self.block(self.kids(node)),
            "statement_block": lambda node: self.block(self.kids(node)),
            "else_clause": lambda node: self.block(self.kids(node)),
        }

    def lowered(self) -> f.Form:
        self.form.body = [*self.block(self.kids(self.root)), *self.types.made]
        return self.form

    # --- modules --------------------------------------------------------------------------------------------------

    def _import(self, node: Node) -> list[f.Statement]:
        module = self.string(self.field(node, "source"))
        for clause in self.kids(node, "import_clause"):
            for each in self.kids(clause):
                self._imported(each, module)
        for required in self.kids(node, "import_require_clause"):
            name, path = self.kids(required, "identifier"), self.kids(required, "string")
            if name and path:
                self.form.imports.append(f.Import(self.string(path[0]), "", self.text(name[0])))
        return []

    def _imported(self, node: Node, module: str) -> None:
        if node.type == "identifier":
            self.form.imports.append(f.Import(module, "default", self.text(node)))
        elif node.type == "namespace_import":
            self.form.imports.append(f.Import(module, "", self.text(next(iter(self.kids(node)), None))))
        for each in self.kids(node, "import_specifier"):
            name = self.text(self.field(each, "name"))
            self.form.imports.append(f.Import(module, name, self.text(self.field(each, "alias")) or name))

    def _export(self, node: Node) -> Iterable[f.Statement]:
        source = self.field(node, "source")
        module = self.string(source) if source is not None else ""
        declared, value = self.field(node, "declaration"), self.field(node, "value")
        is_default = any(each.type == "default" for each in node.children)
        for clause in self.kids(node, "export_clause"):
            for each in self.kids(clause, "export_specifier"):
                name = self.text(self.field(each, "name"))
                self.form.exports.append(f.Export(self.text(self.field(each, "alias")) or name, name, module))
        for each in self.kids(node, "namespace_export"):
            self.form.exports.append(f.Export(self.text(next(iter(self.kids(each)), None)), "*", module))
        if module and any(each.type == "*" for each in node.children):
            self._exported += 1
            self.form.exports.append(f.Export(f"*{self._exported}", "*", module))
        if declared is not None:
            if is_default:
                name = self.text(self.field(declared, "name")) or "default"
                self.form.exports.append(f.Export("default", name))
            return self._decorated(node, declared)
        return self._exported_value(value) if value is not None else []

    def _exported_value(self, value: Node) -> list[f.Statement]:
        """`export default ...`."""
        self.form.exports.append(f.Export("default", self.text(value) if value.type == "identifier" else "default"))
        if value.type in FUNCTIONS or value.type == "class":
            whole = self.class_of(value) if value.type == "class" else self.function(value)
            whole.name = self.form.exports[-1].local
            return [whole]
        made = self.named_class("default", self._options(value))
        if made is not None:
            return [made]
        return [] if value.type == "identifier" else [self._let("default", value)]

    def _options(self, value: Node) -> Node:
        """The object that `defineComponent({...})` and the like are given."""
        given = self.kids(self.field(value, "arguments")) if value.type == "call_expression" else []
        return given[0] if len(given) == 1 and self.text(self.field(value, "function")) in _COMPONENTS else value

    def _decorated(self, outer: Node, declared: Node) -> list[f.Statement]:
        """A declaration; the decorators of an exported class stand before `export`."""
        made = list(self.statement(declared))
        for each in made:
            if isinstance(each, f.Class):
                each.decorators = [*self.decorators(outer), *each.decorators]
        return made

    def _let(self, name: str, value: Node) -> f.Statement:
        return f.Let([f.Var(name, self.at(value))], self.expression(value), self.at(value))

    def _common_export(self, target: Node, value: Node) -> Iterator[f.Statement]:
        """`module.exports = {...}`, `exports.name = ...`: what CommonJS gives to other files."""
        whole = self.text(target)
        if whole in ("module.exports", "exports"):
            pairs = [each for each in self.kids(value) if each.type == "pair"] if value.type == "object" else []
            for pair in pairs:
                key, inner = self.key(pair), self.field(pair, "value")
                if key and inner is not None:
                    self.form.exports.append(f.Export(key, f"exports.{key}"))
                    yield self._let(f"exports.{key}", inner)
            if value.type != "object":
                yield from self._exported_value(value)
        else:
            key = whole.rpartition(".")[2]
            self.form.exports.append(f.Export(key, f"exports.{key}"))
            yield self._let(f"exports.{key}", value)

    # --- statements -----------------------------------------------------------------------------------------------

    def _declaration(self, node: Node) -> Iterator[f.Statement]:
        for each in self.kids(node, "variable_declarator"):
            target, value = self.field(each, "name"), self.field(each, "value")
            module = self.required(value)
            if module and target is not None:
                yield from self._require(target, module)
                continue
            described = self.types.schema(self.text(target), value)
            if described is not None:
                yield described
                continue
            made = self.named_class(self.text(target), value)
            if made is not None:
                yield made
                continue
            yield from self._yielded(value)
            lowered = None if value is None else self.expression(value)
            types = self.types.names(self.field(each, "type")) or self.types.told(value)
            yield f.Let([self.expression(target)], lowered, self.at(each), types=types)

    def _require(self, target: Node, module: str) -> Iterator[f.Statement]:
        if target.type == "identifier":
            self.form.imports.append(f.Import(module, "", self.text(target)))
        for each in self.kids(target) if target.type == "object_pattern" else ():
            name = self.key(each) if each.type == "pair_pattern" else self.text(each)
            local = self.text(self.field(each, "value")) if each.type == "pair_pattern" else name
            self.form.imports.append(f.Import(module, name, local))
        return iter(())

    def _do(self, node: Node) -> Iterator[f.Statement]:
        inner = next(iter(self.kids(node)), None)
        while inner is not None and inner.type == "parenthesized_expression":
            inner = next(iter(self.kids(inner)), None)
        if inner is not None and inner.type == "yield_expression":
            yield f.Give(self.inner(inner), self.at(inner), more=True)
        elif inner is not None and inner.type in ("assignment_expression", "augmented_assignment_expression"):
            yield from self._assignment(inner)
        elif inner is not None and inner.type != "string":
            yield f.Do(self.expression(inner))

    def _yielded(self, value: Node | None) -> Iterator[f.Statement]:
        """What a generator gives back on the way: `const next = yield row`."""
        if value is not None and value.type == "yield_expression":
            yield f.Give(self.inner(value), self.at(value), more=True)

    def _assignment(self, node: Node) -> Iterator[f.Statement]:
        left, right = self.field(node, "left"), self.field(node, "right")
        whole = self.text(left) if left is not None and left.type == "member_expression" else ""
        if (
            right is not None
            and left is not None
            and (
                whole == "module.exports"
                or (whole.startswith(("exports.", "module.exports.")) and whole.count(".") < 3)
            )
        ):
            yield from self._common_export(left, right)
            return
        yield from self._yielded(right)
        adds = node.type == "augmented_assignment_expression"
        yield f.Let([self.expression(left)], self.expression(right), self.at(node), adds=adds)

    def _if(self, node: Node) -> list[f.Statement]:
        """A long row of `else if` is no nesting: it is put together from its end."""
        rows = [node]
        while (following := self._else_if(rows[-1])) is not None:
            rows.append(following)
        otherwise = self._arm(self.field(rows[-1], "alternative"))
        if len(rows) > _LONGEST_ROW:
            arms = [self._arm(self.field(each, "consequence")) for each in rows]
            tests = [self.expression(self.field(each, "condition")) for each in rows]
            return [f.Branch([f.Only(tests)], [*arms, otherwise], self.at(node))]
        for each in reversed(rows):
            arms = [self._arm(self.field(each, "consequence")), otherwise]
            otherwise = [f.Branch([self.expression(self.field(each, "condition"))], arms, self.at(each))]
        return otherwise

    def _else_if(self, node: Node) -> Node | None:
        return next(iter(self.kids(self.field(node, "alternative"), "if_statement")), None)

    def _arm(self, node: Node | None) -> list[f.Statement]:
        return [] if node is None else list(self.statement(node))

    def _for(self, node: Node) -> Iterator[f.Statement]:
        start, step = self.field(node, "initializer"), self.field(node, "increment")
        yield from self._arm(start)
        after: list[f.Statement] = [] if step is None else [f.Do(self.expression(step))]
        condition = self.field(node, "condition")
        test = self.inner(condition) if condition is not None else None
        yield f.Loop(None, test, [*self._repeated(node), *after], self.at(node))

    def _for_each(self, node: Node) -> list[f.Statement]:
        over, target = self.expression(self.field(node, "right")), self.field(node, "left")
        keys_only = self.text(self.field(node, "operator")) == "in"
        ranges = f.Only([over]) if keys_only else over
        return [f.Loop(self.expression(target), ranges, self._repeated(node), self.at(node))]

    def _while(self, node: Node) -> list[f.Statement]:
        test = self.expression(self.field(node, "condition"))
        return [f.Loop(None, test, self._repeated(node), self.at(node))]

    def _try(self, node: Node) -> list[f.Statement]:
        handler, final = self.field(node, "handler"), self.field(node, "finalizer")
        handlers = [] if handler is None else [self._handler(handler)]
        last = [] if final is None else self._arm(self.field(final, "body"))
        return [f.Try(self._arm(self.field(node, "body")), handlers, last)]

    def _handler(self, node: Node) -> list[f.Statement]:
        """An error is nobody's data, whatever the name was before."""
        caught = self.field(node, "parameter")
        named = caught is not None and caught.type == "identifier"
        start = [f.Let([self.expression(caught)], f.Constant(), self.at(node))] if named else []
        return [*start, *self._arm(self.field(node, "body"))]

    def _return(self, node: Node) -> list[f.Statement]:
        return [f.Give(self._first(node), self.at(node))]

    def _first(self, node: Node) -> f.Expr | None:
        inner = next(iter(self.kids(node)), None)
        return None if inner is None else self.expression(inner)

    def _switch(self, node: Node) -> list[f.Statement]:
        tests, arms = [self.expression(self.field(node, "value"))], []
        cases = self.kids(self.field(node, "body"))
        for each in cases:
            value = self.field(each, "value")
            inner = [one for one in self.kids(each) if value is None or one.id != value.id]
            tests += [] if value is None else [self.expression(value)]
            if inner:
                arms.append(self.inside(inner, in_switch=True))
        if all(each.type != "switch_default" for each in cases):
            arms.append([])
        return [f.Branch([f.Only(tests)], arms, self.at(node))]

    def _repeated(self, node: Node) -> list[f.Statement]:
        """The body of a loop."""
        body = self.field(node, "body")
        return [] if body is None else self.inside([body], in_switch=False)

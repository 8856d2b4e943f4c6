"""Brings Java into the form in which values are followed."""

from collections.abc import Iterator

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code import flow_java_types as types
from petguard.parsers._code.flow_java_expressions import Expressions
from petguard.parsers._code.flow_jvm import filled, foreign
from petguard.parsers._code.flow_names import Known, one_each

_METHODS = ("method_declaration", "constructor_declaration", "compact_constructor_declaration")


def form(data: bytes) -> f.Form:
    """A whole file."""
    return _Java(data).lowered()


class _Java(Expressions):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.statements = {
            **dict.fromkeys(types.CLASSES, lambda node: [self.declared(node, "")]),
            "local_variable_declaration": self._local,
            "expression_statement": self._do,
            "switch_expression": lambda node: [self.switch(node)],
            "if_statement": self._if,
            **dict.fromkeys(("while_statement", "do_statement"), self._while),
            "for_statement": self._for,
            "enhanced_for_statement": self._for_each,
            **dict.fromkeys(("try_statement", "try_with_resources_statement"), self._try),
            "return_statement": self._return,
            "yield_statement": self._return,
            "throw_statement": lambda node: [f.Stop(self.first(node))],
            **dict.fromkeys(("break_statement", "continue_statement"), lambda _node: [f.Stop()]),
            "labeled_statement": lambda node: self.block(self.kids(node)[1:]),
            "synchronized_statement": lambda node: self._arm(self.field(node, "body")),
            **dict.fromkeys(("block", "constructor_body"), self._scoped),
            "explicit_constructor_invocation": self._constructor,
            "assert_statement": lambda node: [f.Do(f.Only([self.expression(each) for each in self.kids(node)]))],
        }

    def lowered(self) -> f.Form:
        top = self.kids(self.root)
        for each in top:
            if each.type == "package_declaration":
                self.form.package = self.text(next(iter(reversed(self.kids(each))), None))
            elif each.type == "import_declaration":
                self._import(each)
        self.names.nested = dict(types.nested(self, top))
        self.names.imported = {each.local for each in self.form.imports}
        self.foreign = foreign(self.form)
        self.form.body = [self.declared(each, "") for each in top if each.type in types.CLASSES]
        return self.form

    def _import(self, node: Node) -> None:
        named = self.kids(node, "scoped_identifier", "identifier")
        package, name = types.split(self.text(next(iter(named), None)))
        if any(each.type == "asterisk" for each in node.named_children):
            module = f"{package}.{name}" if name and package else package or name
            self.form.imports.append(f.Import(module, "*", "*"))
        elif name:
            self.form.imports.append(f.Import(package, name, name.rpartition(".")[2]))

    # --- classes --------------------------------------------------------------------------------------------------

    def declared(self, node: Node, around: str) -> f.Class:
        """A class, record, interface or enum."""
        own = self.text(self.field(node, "name"))
        name = f"{around}.{own}" if around else own
        bases = types.bases(self, node)
        body = types.members(self, node)
        known = Known(
            name,
            types.names_of_members(self, node, body),
            bool(bases),
            next(iter(bases), ""),
            types.field_types(self, node, body),
        )
        with self.names.inside(known):
            fields = [field for each in body for field in self._fields(each)]
            lowered = [self._method(each, node) for each in body if each.type in _METHODS]
            functions = [each for each in lowered if each is not None]
            functions += types.generated(self, node, body, {each.name for each in functions})
            inner = [self.declared(each, name) for each in body if each.type in types.CLASSES]
            started = [one for each in body if each.type in ("static_initializer", "block") for one in self._made(each)]
        record = types.is_record(self, node, body)
        fields = [*types.components(self, node), *fields]
        whole: list[f.Statement] = [*one_each([*functions, *started]), *inner]
        return f.Class(own, bases, fields, whole, self.at(node), record, types.annotations(self, node))

    def _fields(self, node: Node) -> Iterator[f.Field]:
        if node.type == "enum_constant":
            yield f.Field(self.text(self.field(node, "name")), self.at(node), (self.names.owner,))
        if node.type not in ("field_declaration", "constant_declaration"):
            return
        kinds = types.names_in(self, self.field(node, "type"))
        for each in node.children_by_field_name("declarator"):
            value = self.field(each, "value")
            with self.names.initialiser():
                lowered = None if value is None else self.expression(value)
            yield f.Field(self.text(self.field(each, "name")), self.at(each), kinds, lowered)

    def _made(self, node: Node) -> Iterator[f.Function]:
        """What runs when an object, or the class, is made."""
        inner = self.kids(node, "block") if node.type == "static_initializer" else [node]
        with self.names.block():
            body = self.block([one for each in inner for one in self.kids(each)])
        yield f.Function("__init__", [], body, self.at(node), self.end(node))

    def _method(self, node: Node, owner: Node) -> f.Function | None:
        is_maker = node.type != "method_declaration"
        body = self.field(node, "body")
        with self.names.block():
            if node.type == "compact_constructor_declaration":
                parameters = types.parameters(self, self.field(owner, "parameters"))
            else:
                parameters = types.parameters(self, self.field(node, "parameters"))
            renamed = list(types.renamed(self, self.field(node, "parameters")))
            lowered = self.block(self.kids(body))
        returns = () if is_maker else types.names_in(self, self.field(node, "type"))
        if body is None:
            lowered = types.answer(self, node, owner, parameters, returns)
            if not lowered:  # whoever implements it has it
                return None
        name = "__init__" if is_maker else self.text(self.field(node, "name"))
        static = "static" in {each.type for one in self.kids(node, "modifiers") for each in one.children}
        whole = [*renamed, *lowered]
        annotations = types.annotations(self, node)
        return f.Function(name, parameters, whole, self.at(node), self.end(node), returns, annotations, static)

    def _constructor(self, node: Node) -> list[f.Statement]:
        """A constructor that calls another one, of its own class or of the base."""
        kind, at = self.field(node, "constructor"), self.at(node)
        of = f.Var("self", at) if kind is not None and kind.type == "this" else self.base(at)
        given = self.arguments(self.field(node, "arguments"))
        return [f.Do(f.Call(f.Attr(of, "__init__", at), given, at, self.end(node)))]

    # --- statements -----------------------------------------------------------------------------------------------

    def statement(self, node: Node) -> Iterator[f.Statement]:
        """What patterns of `instanceof` bind is bound before the statement that they stand in."""
        before, self.bound = self.bound, []
        done = list(super().statement(node))
        yield from self.bound
        self.bound = before
        yield from done

    def _scoped(self, node: Node) -> list[f.Statement]:
        with self.names.block():
            return self.block(self.kids(node))

    def _arm(self, node: Node | None) -> list[f.Statement]:
        return [] if node is None else list(self.statement(node))

    def _local(self, node: Node) -> Iterator[f.Statement]:
        kinds = types.names_in(self, self.field(node, "type"))
        for each in node.children_by_field_name("declarator"):
            name, value, at = self.text(self.field(each, "name")), self.field(each, "value"), self.at(each)
            lowered = None if value is None else self.expression(value)
            self.names.declare(name, kinds or types.builder(lowered))
            yield f.Let([f.Var(name, at)], lowered, at, types=kinds)

    def _do(self, node: Node) -> Iterator[f.Statement]:
        inner = next(iter(self.kids(node)), None)
        if inner is not None and inner.type == "assignment_expression":
            yield self._assignment(inner)
        elif inner is not None and inner.type == "switch_expression":
            yield self.switch(inner)
        elif inner is not None:
            value = self.expression(inner)
            yield from filled(value, is_builder=self.is_builder(value))

    def _assignment(self, node: Node) -> f.Statement:
        left, right = self.expression(self.field(node, "left")), self.expression(self.field(node, "right"))
        return f.Let([left], right, self.at(node), adds=self.text(self.field(node, "operator")) != "=")

    def _if(self, node: Node) -> list[f.Statement]:
        test = self.expression(self.field(node, "condition"))
        arms = [self._arm(self.field(node, name)) for name in ("consequence", "alternative")]
        return [f.Branch([test], arms, self.at(node))]

    def _while(self, node: Node) -> list[f.Statement]:
        test = self.expression(self.field(node, "condition"))
        return [f.Loop(None, test, self._arm(self.field(node, "body")), self.at(node))]

    def _for(self, node: Node) -> Iterator[f.Statement]:
        with self.names.block():
            for each in node.children_by_field_name("init"):
                if each.type == "local_variable_declaration":
                    yield from self.statement(each)
                else:
                    yield f.Do(self.expression(each))
            test = self.field(node, "condition")
            steps = [f.Do(self.expression(each)) for each in node.children_by_field_name("update")]
            body = [*self._arm(self.field(node, "body")), *steps]
            yield f.Loop(None, None if test is None else self.expression(test), body, self.at(node))

    def _for_each(self, node: Node) -> list[f.Statement]:
        over, name, at = self.expression(self.field(node, "value")), self.text(self.field(node, "name")), self.at(node)
        kinds = types.names_in(self, self.field(node, "type"))
        with self.names.block():
            self.names.declare(name, kinds)
            typed = [f.Let([f.Var(name, at)], f.Var(name, at), at, types=kinds)] if kinds else []
            return [f.Loop(f.Var(name, at), over, [*typed, *self._arm(self.field(node, "body"))], at)]

    def _try(self, node: Node) -> list[f.Statement]:
        with self.names.block():
            opened = [one for each in self.kids(self.field(node, "resources")) for one in self._resource(each)]
            body = self._arm(self.field(node, "body"))
        handlers = [self._arm(self.field(each, "body")) for each in self.kids(node, "catch_clause")]
        final = [one for each in self.kids(node, "finally_clause") for one in self.block(self.kids(each))]
        return [f.Try([*opened, *body], handlers, final)]

    def _resource(self, node: Node) -> Iterator[f.Statement]:
        name, value = self.text(self.field(node, "name")), self.field(node, "value")
        if name:
            kinds = types.names_in(self, self.field(node, "type"))
            lowered = self.expression(value)
            self.names.declare(name, kinds)
            yield f.Let([f.Var(name, self.at(node))], lowered, self.at(node), types=kinds)

    def _return(self, node: Node) -> list[f.Statement]:
        inner = next(iter(self.kids(node)), None)
        if inner is not None and inner.type == "switch_expression":
            return [self.switch(inner, gives=True)]
        return [f.Give(self.first(node), self.at(node))]

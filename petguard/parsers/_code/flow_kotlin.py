"""Brings Kotlin into the form in which values are followed."""

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code.flow_java_types import split
from petguard.parsers._code.flow_jvm import filled, foreign
from petguard.parsers._code.flow_kotlin_expressions import Expressions, all_named
from petguard.parsers._code.flow_names import Known, one_each

_CLASSES = ("class_declaration", "object_declaration", "companion_object")
_BODIES = ("class_body", "enum_class_body")
_NO_VALUE = frozenset(
    ["modifiers", "variable_declaration", "multi_variable_declaration", "user_type", "nullable_type", "getter",
     "setter", "type_parameters", "type_constraints", "function_type"]
)  # fmt: skip
_OF_TYPE = re.compile(r"(?:receive|body|decode|parse)\w*|readValue|fromJson|\w*ForObject|awaitBody|get|load")
_REPOSITORY = re.compile(r"\w*Repository")
_FINDS = ("findById", "getById", "getReferenceById", "findAll", "findAllById", "findByIdOrNull")


def form(data: bytes) -> f.Form:
    """A whole file."""
    return _Kotlin(data).lowered()


class _Kotlin(Expressions):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.statements = {
            **dict.fromkeys(self.expressions, self._do),
            **dict.fromkeys(_CLASSES, lambda node: [self._class(node, "")]),
            "function_declaration": self._declare,
            "property_declaration": self._property,
            "assignment": self._assignment,
            "if_expression": self._if,
            "when_expression": self._when,
            "try_expression": self._try,
            "for_statement": self._for,
            **dict.fromkeys(("while_statement", "do_while_statement"), self._while),
            "return_expression": self._return,
            "throw_expression": lambda node: [f.Stop(self.first(node))],
            "block": self._scoped,
            "ERROR": lambda node: self.block(self.kids(node)),
        }

    def lowered(self) -> f.Form:
        top = self.kids(self.root)
        for each in top:
            if each.type == "package_header":
                self.form.package = self.text(next(iter(self.kids(each)), None))
            elif each.type == "import":
                self._import(each)
        self._know(top)
        self.form.body = self.block(each for each in top if each.type not in ("package_header", "import"))
        return self.form

    def _import(self, node: Node) -> None:
        inner = self.kids(node)
        whole = self.text(inner[0]) if inner else ""
        package, name = split(whole)
        if any(each.type == "*" for each in node.children):
            self.form.imports.append(f.Import(whole, "*", "*"))
        elif name:
            local = self.text(inner[1]) if len(inner) > 1 else name.rpartition(".")[2]
            self.form.imports.append(f.Import(package, name, local))
            if local[:1].islower():
                self.extensions.add(local)

    def _know(self, top: Sequence[Node]) -> None:
        """The names that the file declares, before anything in it is read."""
        self.foreign = foreign(self.form)
        self.names.imported = {each.local for each in self.form.imports}
        self.names.nested = dict(self._nested(top, "", 0))
        for name, each in all_named(self, [each for each in top if each.type == "function_declaration"]):
            self.names.outside.add(name)
            if self._receiver(each) is not None:
                self.extensions.add(name)
        for each in top:
            if each.type == "property_declaration":
                self.names.outside |= {self.text(one) for one in self._declared(each)}

    def _nested(self, nodes: Sequence[Node], around: str, depth: int) -> Iterator[tuple[str, str]]:
        for name, each in all_named(self, [each for each in nodes if each.type in _CLASSES]) if depth < 8 else ():
            whole = f"{around}.{name}" if around else name
            if around:
                yield name, whole
            yield from self._nested(self._members(each), whole, depth + 1)

    # --- classes --------------------------------------------------------------------------------------------------

    def _members(self, node: Node) -> list[Node]:
        """What stands in the body of a class, and in its companion."""
        found = []
        for body in self.kids(node, *_BODIES):
            for each in self.kids(body):
                found += self._members(each) if each.type == "companion_object" else [each]
        return found

    def _class(self, node: Node, around: str) -> f.Class:
        own = self.text(self.field(node, "name"))
        name = f"{around}.{own}" if around else own
        body = self._members(node)
        given = [
            self._given(each) for one in self.kids(node, "primary_constructor") for each in self._parameters_of(one)
        ]
        bases = self._bases(node)
        named = {one for one, _ in all_named(self, body)} | {each.name for each in given}
        named |= {
            self.text(one) for each in body if each.type == "property_declaration" for one in self._declared(each)
        }
        known = Known(
            name, frozenset(named), bool(bases), next(iter(bases), ""), {each.name: each.types for each in given}
        )
        with self.names.inside(known):
            fields, functions = self._fields(body)
            inner = [self._class(each, name) for each in body if each.type in _CLASSES]
        functions += self._queries(node, {each.name for each in functions})
        whole: list[f.Statement] = [*one_each(functions), *inner]
        decorators = [self.expression(each) for each in self._marks(node)]
        return f.Class(own, bases, [*given, *fields], whole, self.at(node), bool(given), decorators)

    def _marks(self, node: Node) -> list[Node]:
        return [
            one
            for each in self.kids(node, "modifiers")
            for mark in self.kids(each, "annotation")
            for one in self.kids(mark)
        ]

    def _parameters_of(self, node: Node) -> list[Node]:
        return [one for each in self.kids(node, "class_parameters") for one in self.kids(each, "class_parameter")]

    def _given(self, node: Node) -> f.Field:
        """What the primary constructor takes: a field, in its order."""
        named = self.kids(node, "identifier")
        return f.Field(self.text(next(iter(named), None)), self.at(node), self.types(self._type(node)))

    def _type(self, node: Node) -> Node | None:
        return next(iter(self.kids(node, "user_type", "nullable_type", "function_type")), None)

    def _bases(self, node: Node) -> tuple[str, ...]:
        made = [one for each in self.kids(node, "delegation_specifiers") for one in self.kids(each)]
        return tuple(names[0] for each in made if (names := self.types(each)))

    def _fields(self, body: Sequence[Node]) -> tuple[list[f.Field], list[f.Function]]:
        fields: list[f.Field] = []
        functions: list[f.Function] = []
        for each in body:
            match each.type:
                case "function_declaration":
                    functions += [self.function(each)] if self.kids(each, "function_body") else []
                case "property_declaration":
                    self._field_or_getter(each, fields, functions)
                case "enum_entry":
                    fields.append(
                        f.Field(self.text(next(iter(self.kids(each)), None)), self.at(each), (self.names.owner,))
                    )
                case "anonymous_initializer" | "secondary_constructor":
                    functions.append(self._maker(each))
        return fields, functions

    def _field_or_getter(self, node: Node, fields: list[f.Field], functions: list[f.Function]) -> None:
        types, at = self._types_of(node), self.at(node)
        with self.names.initialiser():
            value = self._value(node)
        for name in self._declared(node):
            fields.append(f.Field(self.text(name), at, types, value))
            for getter in self.kids(node, "getter"):
                made = self._getter(getter, self.text(name), types)
                functions += [made] if value is None else []
        if fields and self.kids(node, "getter") and value is None:
            fields.pop()

    def _getter(self, node: Node, name: str, types: tuple[str, ...]) -> f.Function:
        with self.names.block():
            body = self._body(next(iter(self.kids(node, "function_body")), None))
        at = self.at(node)
        return f.Function(name, [], body, at, self.end(node), types, [f.Var("get", at)])

    def _maker(self, node: Node) -> f.Function:
        with self.names.block():
            parameters = self._parameters(node)
            called = [
                self._argument(one)
                for each in self.kids(node, "constructor_delegation_call")
                for given in self.kids(each, "value_arguments")
                for one in self.kids(given)
            ]
            body = [one for each in self.kids(node, "block") for one in self.block(self.kids(each))]
        at, itself = self.at(node), f.Var("self", self.at(node))
        if called:
            body = [f.Do(f.Call(f.Attr(itself, "__init__", at), called, at, self.end(node))), *body]
        return f.Function("__init__", parameters, body, at, self.end(node))

    def _queries(self, node: Node, written: set[str]) -> Iterator[f.Function]:
        """What Spring Data writes for a repository."""
        names = self.types(next(iter(self.kids(node, "delegation_specifiers")), None))
        if len(names) < 2 or not _REPOSITORY.fullmatch(names[0]):
            return
        at, end = self.at(node), self.end(node)
        declared = [name for name, each in all_named(self, self._members(node)) if not self.kids(each, "function_body")]
        for name in dict.fromkeys([*_FINDS, *declared]):
            if name not in written:
                kept = f.Call(f.Attr(f.Var(names[1], at), "find", at), [], at, end)
                yield f.Function(name, [], [f.Give(kept, at)], at, end, (names[1],))

    # --- functions ------------------------------------------------------------------------------------------------

    def _receiver(self, node: Node) -> Node | None:
        """The type that an extension function is written for: it stands before the name."""
        name = self.field(node, "name")
        before = [
            each for each in self.kids(node, "user_type", "nullable_type") if name and each.end_byte <= name.start_byte
        ]
        return next(iter(before), None)

    def _declare(self, node: Node) -> list[f.Statement]:
        name = self.text(self.field(node, "name"))
        self.names.declare(name)
        return [self.function(node)]

    def function(self, node: Node) -> f.Function:
        """A function; one that extends a type gets its object as `self`."""
        of = self._receiver(node)
        with self.names.block():
            parameters = self._parameters(node)
            if of is not None:
                parameters.insert(0, f.Parameter("self", self.at(of), self.types(of), kind="keyword"))
                self._this.append("self")
            body = self._body(next(iter(self.kids(node, "function_body")), None))
            if of is not None:
                self._this.pop()
        after = [each for each in self.kids(node, "user_type", "nullable_type") if of is None or each.id != of.id]
        name = "" if node.type == "anonymous_function" else self.text(self.field(node, "name"))
        returns = self.types(next(iter(after), None))
        decorators = [self.expression(each) for each in self._marks(node)]
        return f.Function(name, parameters, body, self.at(node), self.end(node), returns, decorators)

    def _body(self, node: Node | None) -> list[f.Statement]:
        """`= expression`, or a block."""
        inner = next(iter(self.kids(node)), None)
        if inner is None:
            return []
        if inner.type == "block":
            return self.block(self.kids(inner))
        return [f.Give(self.expression(inner), self.at(inner))]

    def _parameters(self, node: Node) -> list[f.Parameter]:
        """Parameters; a default follows its parameter as the next child."""
        found: list[f.Parameter] = []
        kind = ""
        for each in [one for given in self.kids(node, "function_value_parameters") for one in self.kids(given)]:
            if each.type == "parameter_modifiers":
                kind = "*" if "vararg" in self.text(each) else ""
            elif each.type == "parameter":
                name, types = self.text(next(iter(self.kids(each)), None)), self.types(self._type(each))
                self.names.declare(name, types)
                found.append(f.Parameter(name, self.at(each), types, kind=kind))
                kind = ""
            elif found:
                found[-1].default = self.expression(each)
        return found

    def closure(self, node: Node) -> f.Function:
        """A lambda; one that names no parameter has `it`."""
        inner = self.kids(next(iter(self.kids(node, "lambda_literal")), node))
        named = [one for each in inner if each.type == "lambda_parameters" for one in self.kids(each)]
        handed = self.names.handed()
        with self.names.block():
            parameters = [self._taken(each, index, handed, only=len(named) == 1) for index, each in enumerate(named)]
            if not named:
                it = self._this[-1] if self._this and self._this[-1] != "self" else "it"
                self.names.declare(it, handed)
                parameters = [f.Parameter(it, self.at(node), handed)]
            body = self.gives([each for each in inner if each.type != "lambda_parameters"])
        return f.Function("", parameters, body, self.at(node), self.end(node))

    def _taken(self, node: Node, index: int, handed: tuple[str, ...], *, only: bool) -> f.Parameter:
        names = self._names_in(node)
        for each in names:
            self.names.declare(self.text(each), handed if only else ())
        if node.type == "multi_variable_declaration":
            pattern = f.Items([f.Var(self.text(each), self.at(each)) for each in names])
            return f.Parameter(f"<{index}>", self.at(node), pattern=pattern)
        types = self.types(self._type(node)) or (handed if only else ())
        return f.Parameter(self.text(next(iter(names), None)), self.at(node), types)

    def _names_in(self, node: Node) -> list[Node]:
        if node.type == "multi_variable_declaration":
            return [
                one for each in self.kids(node, "variable_declaration") for one in self.kids(each, "identifier")[:1]
            ]
        return self.kids(node, "identifier")[:1] or [node]

    def gives(self, nodes: Sequence[Node]) -> list[f.Statement]:
        """Statements of which the last one is what the block is worth."""
        if not nodes or nodes[-1].type not in self.expressions:
            return self.block(nodes)
        *before, last = nodes
        return [*self.block(before), f.Give(self.expression(last), self.at(last))]

    # --- statements -----------------------------------------------------------------------------------------------

    def _scoped(self, node: Node) -> list[f.Statement]:
        with self.names.block():
            return self.block(self.kids(node))

    def _declared(self, node: Node) -> list[Node]:
        declared = self.kids(node, "variable_declaration", "multi_variable_declaration")
        return [one for each in declared for one in self._names_in(each)]

    def _types_of(self, node: Node) -> tuple[str, ...]:
        """The declared type, or what a call says that it reads: `call.receive<Dto>()`."""
        declared = [self._type(each) for each in self.kids(node, "variable_declaration")]
        named = self.types(next((each for each in declared if each is not None), None))
        called = next((each for each in self.kids(node, "call_expression")), None)
        if named or called is None:
            return named
        callee = next(iter(self.kids(called)), None)
        name = self.text(callee).rpartition(".")[2] if callee is not None else ""
        return self.types(next(iter(self.kids(called, "type_arguments")), None)) if _OF_TYPE.fullmatch(name) else ()

    def _value(self, node: Node) -> f.Expr | None:
        delegate = next(iter(self.kids(node, "property_delegate")), None)
        values = [each for each in self.kids(node) if each.type not in (*_NO_VALUE, "property_delegate")]
        if delegate is not None:
            return self.first(delegate)
        return self.expression(values[-1]) if values else None

    def _property(self, node: Node) -> Iterator[f.Statement]:
        value, types, at = self._value(node), self._types_of(node), self.at(node)
        names = self._declared(node)
        for each in names:
            self.names.declare(self.text(each), types or _builds(value))
        targets: list[f.Expr] = [f.Var(self.text(each), self.at(each)) for each in names]
        if len(targets) == 1:
            yield f.Let(targets, value, at, types=types)
        elif targets:
            yield f.Let([f.Items(targets)], value, at)

    def _assignment(self, node: Node) -> list[f.Statement]:
        left, right = self.expression(self.field(node, "left")), self.expression(self.field(node, "right"))
        return [f.Let([left], right, self.at(node), adds=self.text(self.field(node, "operator")) != "=")]

    def _do(self, node: Node) -> list[f.Statement]:
        if node.type == "identifier" and self.text(node) in ("break", "continue"):
            return [f.Stop()]
        value = self.expression(node)
        of = value.callee.of if isinstance(value, f.Call) and isinstance(value.callee, f.Attr) else None
        kinds = self.names.types(of.name) if isinstance(of, f.Var) else None
        return filled(value, is_builder=any(each.endswith("Builder") for each in kinds or ()))

    def _if(self, node: Node) -> list[f.Statement]:
        test = self.field(node, "condition")
        inner = [each for each in self.kids(node) if test is None or each.id != test.id]
        arms = [list(self.statement(each)) for each in inner[:2]]
        return [f.Branch([self.expression(test)], [*arms, *([[]] if len(arms) < 2 else [])], self.at(node))]

    def _when(self, node: Node) -> list[f.Statement]:
        tests, arms = [], []
        is_whole = False
        with self.names.block():
            bound = [one for each in self.kids(node, "when_subject") for one in self._subject(each)]
            for entry in self.kids(node, "when_entry"):
                conditions = entry.children_by_field_name("condition")
                known = {each.id for each in conditions}
                tests += [self.expression(each) for each in conditions]
                arms.append(self.block(each for each in self.kids(entry) if each.id not in known))
                is_whole = is_whole or not conditions
        return [*bound, f.Branch([f.Only(tests)], arms if is_whole else [*arms, []], self.at(node))]

    def _subject(self, node: Node) -> Iterator[f.Statement]:
        """`when (val answer = ask(text))` names what it looks at."""
        inner = self.kids(node)
        if len(inner) > 1 and inner[0].type == "variable_declaration":
            name = self._names_in(inner[0])[0]
            self.names.declare(self.text(name))
            yield f.Let([f.Var(self.text(name), self.at(name))], self.expression(inner[-1]), self.at(node))
        elif inner:
            yield f.Do(self.expression(inner[-1]))

    def _try(self, node: Node) -> list[f.Statement]:
        parts = {
            kind: [one for each in self.kids(node, kind) for one in self.kids(each, "block")]
            for kind in ("catch_block", "finally_block")
        }
        body = [one for each in self.kids(node, "block") for one in self._scoped(each)]
        final = [one for each in parts["finally_block"] for one in self._scoped(each)]
        return [f.Try(body, [self._scoped(each) for each in parts["catch_block"]], final)]

    def _for(self, node: Node) -> list[f.Statement]:
        inner = self.kids(node)
        if len(inner) < 2:
            return []
        names = self._names_in(inner[0])
        over = self.expression(inner[1])
        with self.names.block():
            for each in names:
                self.names.declare(self.text(each))
            targets: list[f.Expr] = [f.Var(self.text(each), self.at(each)) for each in names]
            body = self.block(inner[2:])
        return [f.Loop(targets[0] if len(targets) == 1 else f.Items(targets), over, body, self.at(node))]

    def _while(self, node: Node) -> list[f.Statement]:
        test = self.field(node, "condition")
        body = [each for each in self.kids(node) if test is None or each.id != test.id]
        return [f.Loop(None, self.expression(test), self.block(body), self.at(node))]

    def _return(self, node: Node) -> list[f.Statement]:
        label = self.field(node, "label")
        inner = next((each for each in self.kids(node) if label is None or each.id != label.id), None)
        return [f.Give(None if inner is None else self.expression(inner), self.at(node))]


def _builds(value: f.Expr | None) -> tuple[str, ...]:
    """The type of a local that builds something."""
    named = value.callee if isinstance(value, f.Call) else None
    name = named.name if isinstance(named, f.Attr | f.Var) else ""
    return ("Builder",) if name in ("builder", "newBuilder", "Builder") else ()

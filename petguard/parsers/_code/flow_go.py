"""Brings Go into the form in which values are followed."""

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code.flow_go_expressions import Expressions
from petguard.parsers._code.go import locals_of

_FILLS = re.compile(
    r"Unmarshal\w*|Decode|(?:Should|Must)?Bind\w*|BodyParser|Scan\w*|StructScan|First|Find|Take|Last|Get\w*|Select\w*|"
    r"ReadJSON|Load|Parse\w*|Query\w*|One|All"
)
_PRINTS = re.compile(r"Fprint\w*|Execute|ExecuteTemplate|WriteString|Copy")  # into what stands first
_PUTS = re.compile(r"(?:Add|Set|Append|With|Push|Put|Insert)\w*")
_IGNORED = re.compile(r"_|err\w*|ok|\w+Err|found|exists|cancel")
_TAG = re.compile(r"\b(?:json|db|bson|form|gorm:\"column):?\"?:?\"?([A-Za-z_]\w*)")
_NO_DATA = frozenset({"error", "bool"})


def form(data: bytes) -> f.Form:
    """A whole file."""
    return _Go(data).lowered()


class _Go(Expressions):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._results: list[tuple[int, list[str]]] = []  # of the functions around: how many count, and their names
        self._declared: dict[str, tuple[str, ...]] = {}  # the types of variables
        self.statements = {
            **dict.fromkeys(("const_declaration", "var_declaration"), self._specs),
            **dict.fromkeys(("var_spec_list", "statement_list", "block"), lambda node: self.block(self.kids(node))),
            **dict.fromkeys(("const_spec", "var_spec"), self._spec),
            "function_declaration": lambda node: [self.function(node)],
            "type_declaration": self._type_declaration,
            "short_var_declaration": self._assign,
            "assignment_statement": self._assign,
            "receive_statement": self._assign,
            "expression_statement": self._do,
            "go_statement": self._do,
            "defer_statement": self._do,
            "send_statement": self._send,
            "return_statement": self._return,
            "if_statement": self._if,
            "for_statement": self._for,
            **dict.fromkeys(("expression_switch_statement", "type_switch_statement", "select_statement"), self._switch),
            "labeled_statement": lambda node: self.block(self.kids(node)),
            **dict.fromkeys(("break_statement", "continue_statement", "goto_statement"), lambda _node: [f.Stop()]),
        }

    def lowered(self) -> f.Form:
        top = self.kids(self.root)
        for each in top:
            if each.type == "package_clause":
                self.form.package = self.text(next(iter(self.kids(each)), None))
            elif each.type == "import_declaration":
                for spec in [*self.kids(each, "import_spec"), *self._listed(each)]:
                    self._import(spec)
        self.form.body = self.block(each for each in top if each.type != "method_declaration")
        self._add_methods([each for each in top if each.type == "method_declaration"])
        return self.form

    def _listed(self, node: Node) -> list[Node]:
        return [each for inner in self.kids(node, "import_spec_list") for each in self.kids(inner, "import_spec")]

    def _import(self, node: Node) -> None:
        module, alias = self.string(self.field(node, "path")), self.field(node, "name")
        if alias is None:
            self.form.imports += [f.Import(module, "", local) for local in locals_of(module)]
        elif alias.type == "dot":
            self.form.imports.append(f.Import(module, "*", "*"))
        elif alias.type != "blank_identifier":
            self.form.imports.append(f.Import(module, "", self.text(alias)))

    # --- declarations ---------------------------------------------------------------------------------------------

    def _add_methods(self, nodes: Sequence[Node]) -> None:
        """Methods belong to their type, which may stand in another file of the package."""
        classes = {each.name: each for each in self.form.body if isinstance(each, f.Class)}
        for node in nodes:
            receiver = next(iter(self.kids(self.field(node, "receiver"))), None)
            kinds = self.types(self.field(receiver, "type")) if receiver is not None else ()
            if not kinds or receiver is None:
                continue
            if kinds[0] not in classes:
                classes[kinds[0]] = f.Class(kinds[0], (), [], [], self.at(node))
                self.form.body.append(classes[kinds[0]])
            self.receiver = self.text(self.field(receiver, "name"))
            of = classes[kinds[0]]
            of.body = [*of.body, self.function(node)]
            self.receiver = ""

    def function(self, node: Node) -> f.Function:
        """A function, a method or a literal of one."""
        parameters = [one for each in self.kids(self.field(node, "parameters")) for one in self._parameter(each)]
        result = self.field(node, "result")
        results = self.kids(result) if result is not None and result.type == "parameter_list" else []
        last = self.text(self.field(results[-1], "type")) if results else ""
        counted = len(results) - (last in _NO_DATA and len(results) > 1)
        names = [self.text(name) for each in results[:counted] for name in each.children_by_field_name("name")]
        self._results.append((counted, names))
        before = dict(self._declared)
        self._declared |= {each.name: each.types for each in parameters}
        body = self.block(self.kids(self.field(node, "body")))
        self._declared = before
        self._results.pop()
        returns = self.types(self.field(results[0], "type")) if results else self.types(result)
        name = "" if node.type == "func_literal" else self.text(self.field(node, "name"))
        return f.Function(name, parameters, body, self.at(node), self.end(node), returns)

    def _parameter(self, node: Node) -> Iterator[f.Parameter]:
        kinds = self.types(self.field(node, "type"))
        kind = "*" if node.type == "variadic_parameter_declaration" else ""
        names = node.children_by_field_name("name")
        for each in names:
            yield f.Parameter(self.text(each), self.at(each), kinds, kind=kind)
        if not names:
            yield f.Parameter(f"<{node.start_byte}>", self.at(node), kinds, kind=kind)

    def _type_declaration(self, node: Node) -> Iterator[f.Statement]:
        for each in self.kids(node, "type_spec"):
            kind = self.field(each, "type")
            name = self.text(self.field(each, "name"))
            if kind is not None and kind.type == "struct_type":
                yield self._struct(name, each, kind)
            elif kind is not None and kind.type == "interface_type":
                yield self._interface(name, each, kind)
            else:
                yield f.Class(name, (), [], [], self.at(each))

    def _struct(self, name: str, node: Node, kind: Node) -> f.Class:
        fields: list[f.Field] = []
        tagged: list[f.Field] = []
        bases: list[str] = []
        for each in [one for inner in self.kids(kind) for one in self.kids(inner, "field_declaration")]:
            declared, kinds = each.children_by_field_name("name"), self.types(self.field(each, "type"))
            fields += [f.Field(self.text(one), self.at(one), kinds) for one in declared]
            bases += kinds[:1] if not declared else []
            tag = _TAG.search(self.string(self.field(each, "tag")))
            if tag and declared and tag[1].replace("_", "").lower() != self.text(declared[0]).lower():
                tagged.append(f.Field(tag[1], self.at(each), kinds))
        return f.Class(name, tuple(bases), [*fields, *tagged], [], self.at(node), record=True)

    def _interface(self, name: str, node: Node, kind: Node) -> f.Class:
        """What an interface promises stands as fields: a type that has them all as methods is one of it."""
        methods = self.kids(kind, "method_elem", "method_spec")
        promised = [f.Field(self.text(self.field(each, "name")), self.at(each)) for each in methods]
        bases = [names[0] for each in self.kids(kind, "type_elem") if (names := self.types(each))]
        return f.Class(name, tuple(bases), promised, [], self.at(node))

    # --- statements -----------------------------------------------------------------------------------------------

    def _specs(self, node: Node) -> list[f.Statement]:
        return self.block(self.kids(node))

    def _spec(self, node: Node) -> Iterator[f.Statement]:
        targets, kinds = node.children_by_field_name("name"), self.types(self.field(node, "type"))
        self._declared |= {self.text(each): kinds for each in targets}
        yield from self._let(targets, self.kids(self.field(node, "value")), node, kinds)

    def _assign(self, node: Node) -> Iterator[f.Statement]:
        operator = self.text(self.field(node, "operator"))
        values = self.field(node, "right")
        given = self.kids(values) if values is not None and values.type == "expression_list" else [values]
        targets = self.kids(self.field(node, "left"))
        adds = operator not in ("", "=", ":=")
        yield from self._let(targets, [each for each in given if each is not None], node, adds=adds)
        for each in given:
            if each is not None:
                yield from self._filled(each)

    def _let(
        self,
        targets: Sequence[Node],
        values: Sequence[Node],
        node: Node,
        kinds: tuple[str, ...] = (),
        *,
        adds: bool = False,
    ) -> Iterator[f.Statement]:
        """Names get values, one by one, or all of them what a single call gives back."""
        at = self.at(node)
        if len(values) == len(targets) or not values:
            for index, each in enumerate(targets):
                value = self.expression(values[index]) if values else None
                if isinstance(value, f.Call) and value.new and isinstance(value.callee, f.Var):
                    self._declared.setdefault(self.text(each), (value.callee.name,))
                yield f.Let([self.expression(each)], value, at, adds=adds, types=kinds)
            return
        value = self.expression(values[0])
        if not targets:
            yield f.Do(value)
            return
        counted = [*targets]
        while len(counted) > 1 and _IGNORED.fullmatch(self.text(counted[-1])):
            counted.pop()
        lowered = [self.expression(each) for each in counted]
        yield f.Let([f.Items(lowered) if len(lowered) > 1 else lowered[0]], value, at, types=kinds)
        yield from (f.Let([self.expression(each)], f.Constant(), at) for each in targets[len(counted) :])

    def _do(self, node: Node) -> Iterator[f.Statement]:
        inner = next(iter(self.kids(node)), None)
        if inner is None:
            return
        value = self.expression(inner)
        yield f.Do(value)
        if isinstance(value, f.Call):
            yield from self._put(value)
        yield from self._filled(inner)

    def _put(self, call: f.Call) -> Iterator[f.Statement]:
        """What a call leaves in a writer that it is given, or in what it is called on."""
        name = call.callee.name if isinstance(call.callee, f.Attr) else ""
        given = [each.value for each in call.arguments]
        if name == "Encode" and isinstance(call.callee, f.Attr) and isinstance(call.callee.of, f.Call):
            given = [*(each.value for each in call.callee.of.arguments), *given]  # `json.NewEncoder(w).Encode(x)`
            name = "Fprint"
        if _PRINTS.fullmatch(name) and len(given) > 1 and isinstance(given[0], f.Var | f.Attr):
            yield f.Let([f.Item(given[0], f.Only([]), call.at)], f.Mix(given[1:]), call.at, adds=True)
        elif _PUTS.fullmatch(name) and given and isinstance(call.callee, f.Attr) and isinstance(call.callee.of, f.Var):
            yield f.Let([f.Item(call.callee.of, f.Only([]), call.at)], f.Mix(given), call.at, adds=True)

    def _filled(self, node: Node) -> Iterator[f.Statement]:
        """`json.Unmarshal(body, &dto)`, `db.First(&patient, id)`, `rows.Scan(&email)` fill what they point to."""
        while node.type in ("selector_expression", "parenthesized_expression"):
            inner = self.field(node, "operand") or next(iter(self.kids(node)), None)
            if inner is None:
                return
            node = inner
        function = self.field(node, "function") if node.type == "call_expression" else None
        name = self.text(self.field(function, "field")) if function is not None else ""
        if function is None or not _FILLS.fullmatch(name):
            return
        value = self.made.get(node.id, f.Constant())
        of = value.callee.of if isinstance(value, f.Call) and isinstance(value.callee, f.Attr) else value
        pointers = [each for each in self.kids(self.field(node, "arguments")) if self._is_pointer(each)]
        for index, each in enumerate(pointers):
            target, at = self.expression(each), self.at(each)
            kinds = self._declared.get(self.text(self.field(each, "operand")) or self.text(each), ())
            is_column = name == "Scan"
            put = f.Item(of, f.Text(str(index), at), at) if is_column else value
            yield f.Let([target], put, at, types=kinds)

    def _is_pointer(self, node: Node) -> bool:
        return node.type == "unary_expression" and self.text(self.field(node, "operator")) == "&"

    def _send(self, node: Node) -> Iterator[f.Statement]:
        channel, at = self.expression(self.field(node, "channel")), self.at(node)
        yield f.Let([f.Item(channel, f.Only([]), at)], self.expression(self.field(node, "value")), at, adds=True)

    def _return(self, node: Node) -> Iterator[f.Statement]:
        counted, names = self._results[-1] if self._results else (0, [])
        values = [self.expression(each) for one in self.kids(node) for each in self.kids(one)]
        if not values:
            values = [f.Var(each, self.at(node)) for each in names]
        values = values[:counted] if counted and len(values) > counted else values
        given = None if not values else values[0] if len(values) == 1 else f.Items(values)
        yield f.Give(given, self.at(node))

    def _if(self, node: Node) -> Iterator[f.Statement]:
        start = self.field(node, "initializer")
        yield from [] if start is None else self.statement(start)
        test = self.expression(self.field(node, "condition"))
        arms = [self._arm(self.field(node, name)) for name in ("consequence", "alternative")]
        yield f.Branch([test], arms, self.at(node))

    def _arm(self, node: Node | None) -> list[f.Statement]:
        return [] if node is None else list(self.statement(node))

    def _for(self, node: Node) -> Iterator[f.Statement]:
        body, at = self.field(node, "body"), self.at(node)
        clause = next((each for each in self.kids(node) if each.type in ("range_clause", "for_clause")), None)
        if clause is not None and clause.type == "range_clause":
            targets = self.kids(self.field(clause, "left"))
            over = self.expression(self.field(clause, "right"))
            target = self.expression(targets[1]) if len(targets) > 1 else None
            yield f.Loop(target, over if target else f.Only([over]), self._arm(body), at)
            return
        start, step = (self.field(clause, name) if clause else None for name in ("initializer", "update"))
        test = self.field(clause, "condition") if clause else next(iter(self.kids(node)), None)
        yield from self._arm(start)
        condition = None if test is None or test.type == "block" else self.expression(test)
        yield f.Loop(None, condition, [*self._arm(body), *self._arm(step)], at)

    def _switch(self, node: Node) -> Iterator[f.Statement]:
        start, alias = self.field(node, "initializer"), self.field(node, "alias")
        yield from self._arm(start)
        value = self.expression(self.field(node, "value"))
        tests: list[f.Expr] = [value]
        arms, is_whole = [], False
        for case in self.kids(node, "expression_case", "type_case", "communication_case", "default_case"):
            is_whole = is_whole or case.type == "default_case"
            kinds = self.types(self.field(case, "type"))
            bound = [f.Let([self.first(alias)], value, self.at(case), types=kinds)] if alias is not None else []
            tested = self.field(case, "value")
            tests += [self.expression(each) for each in self.kids(tested)]
            heard = self._arm(self.field(case, "communication"))
            body = [one for each in self.kids(case, "statement_list") for one in self.block(self.kids(each))]
            arms.append([*bound, *heard, *(each for each in body if not _leaves(each))])
        yield f.Branch([f.Only(tests)], arms if is_whole else [*arms, []], self.at(node))


def _leaves(each: f.Statement) -> bool:
    """`break` in a case only ends the case."""
    return isinstance(each, f.Stop) and each.value is None

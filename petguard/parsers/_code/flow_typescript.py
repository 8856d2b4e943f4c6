"""What TypeScript's types, and the schemas that are written in code, say of the objects that values are followed in."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from tree_sitter import Node

from petguard.flows import form as f

if TYPE_CHECKING:
    from petguard.parsers._code.flow_tree import Lowering

_NAMED = frozenset({"type_identifier", "predefined_type", "identifier"})
_KEEPERS = frozenset(
    ["Repository", "TreeRepository", "MongoRepository", "EntityRepository", "Model", "ReturnModelType", "PaginateModel"]
)
_MANY = 12  # names in one type
_LONGEST = 60  # bytes of the name of what makes a schema
_SCHEMAS = re.compile(
    r"(?:z|yup|v|t|s|Joi|joi|Type)\.(?:object|strictObject|looseObject|type|interface|Object)"
    r"|(?:mongoose\.)?(?:Schema|model)|pgTable|mysqlTable|sqliteTable"
)


class Types:
    """Reads types for a lowering. `made` are the classes that object types without a name get."""

    def __init__(self, lowering: "Lowering") -> None:
        self._in = lowering
        self.made: list[f.Class] = []
        self.statements: Mapping[str, Callable[[Node], Iterable[f.Statement]]] = {
            "interface_declaration": self._interface,
            "type_alias_declaration": self._alias,
            **dict.fromkeys(("internal_module", "module"), self._namespace),
            "enum_declaration": self._enum,
            "ambient_declaration": lambda node: self._in.block(self._in.kids(node)),
        }

    def names(self, node: Node | None) -> tuple[str, ...]:
        """The names in a type, in the order of the text; an object type gets a name of its own."""
        return tuple(dict.fromkeys(self._names(node)))[:_MANY] if node is not None else ()

    def _names(self, node: Node) -> Iterator[str]:
        pending = [node]
        while pending:
            each = pending.pop(0)
            if each.type in _NAMED or each.type == "nested_type_identifier":
                yield self._in.text(each)
            elif each.type == "object_type":
                yield self._anonymous(each)
            elif self._keeper(each):
                yield self._in.text(self._in.field(each, "name"))
            elif each.type == "function_type":
                yield "Callable"
            elif each.type == "lookup_type" and self._in.kids(each)[-1].type == "literal_type":
                continue  # `User["id"]` is one field of a user and not a user
            else:
                pending = [*self._in.kids(each), *pending]

    def _keeper(self, node: Node) -> bool:
        """Whether a type is one of something that keeps objects, and not of the objects."""
        return node.type == "generic_type" and self._in.text(self._in.field(node, "name")) in _KEEPERS

    def entity(self, node: Node | None) -> str:
        """What is kept in a `Repository<Patient>`; empty for any other type."""
        inner = next(iter(self._in.kids(node)), None)
        if inner is None or not self._keeper(inner):
            return ""
        return next((name for each in self._in.kids(inner)[1:] for name in self._names(each)), "")

    def _anonymous(self, node: Node) -> str:
        name = f"Object<{node.start_point[0] + 1}:{node.start_point[1] + 1}>"
        if all(each.name != name for each in self.made):
            self.made.append(f.Class(name, (), self._fields(node), [], self._in.at(node), record=True))
        return name

    def _fields(self, node: Node | None) -> list[f.Field]:
        return [
            f.Field(self._in.text(name), self._in.at(each), self.names(self._in.field(each, "type")))
            for each in self._in.kids(node, "property_signature")
            if (name := self._in.field(each, "name")) is not None
        ]

    def _interface(self, node: Node) -> Iterator[f.Statement]:
        extended = [each for clause in self._in.kids(node, "extends_type_clause") for each in self._in.kids(clause)]
        bases = tuple(name for each in extended for name in self.names(each)[:1])
        name, body = self._in.text(self._in.field(node, "name")), self._in.field(node, "body")
        yield f.Class(name, bases, self._fields(body), [], self._in.at(node), record=True)

    def _alias(self, node: Node) -> Iterator[f.Statement]:
        """`type A = { ... }`, `type A = B & { ... }`, `type A = z.infer<typeof B>`."""
        name, value = self._in.text(self._in.field(node, "name")), self._in.field(node, "value")
        if value is None or (value.type != "object_type" and name in self.names(value)):
            return  # `type A = z.infer<typeof A>`: the schema itself is the class
        if value.type == "object_type":
            yield f.Class(name, (), self._fields(value), [], self._in.at(node), record=True)
        else:
            bases = tuple(each for each in self.names(value) if each != name)
            yield f.Class(name, bases, [], [], self._in.at(node), record=True)

    def told(self, node: Node | None) -> tuple[str, ...]:
        """The names in the type that a value is said to have: `(await load()) as Patient`."""
        while node is not None and node.type in ("await_expression", "parenthesized_expression"):
            node = next(iter(self._in.kids(node)), None)
        if node is None or node.type not in ("as_expression", "satisfies_expression"):
            return ()
        kids = self._in.kids(node)
        return self.names(kids[1]) if len(kids) > 1 else ()

    def _enum(self, node: Node) -> Iterator[f.Statement]:
        """Members of an enumeration are constants, whatever they are called."""
        name, at = self._in.text(self._in.field(node, "name")), self._in.at(node)
        members = self._in.kids(self._in.field(node, "body"))
        named = [self._in.field(each, "name") or each for each in members]
        pairs = [(self._in.text(each).strip("\"'"), f.Constant()) for each in named]
        yield f.Let([f.Var(name, at)], f.Record(pairs), at)

    def _namespace(self, node: Node) -> list[f.Statement]:
        body = self._in.field(node, "body")
        return self._in.block(self._in.kids(body))

    # --- schemas in code ------------------------------------------------------------------------------------------

    def schema(self, name: str, node: Node | None) -> f.Class | None:
        """The class that `z.object({...})`, `new Schema({...})` or `mongoose.model("Patient", schema)` describes."""
        given = self._given_to_schema(node)
        bases: tuple[str, ...] = ()
        for each in given:
            if each.type == "object":
                return f.Class(name, (), self._keys(each), [], self._in.at(each), record=True)
            if each.type == "identifier":
                bases = (self._in.text(each),)
            inner = self.schema(name, each)
            if inner is not None:
                return inner
        return f.Class(name, bases, [], [], self._in.at(given[0]), record=True) if bases else None

    def _keys(self, node: Node) -> list[f.Field]:
        pairs = [(self._in.field(each, "key"), each) for each in self._in.kids(node, "pair")]
        return [f.Field(self._in.text(key).strip("\"'"), self._in.at(each)) for key, each in pairs if key is not None]

    def _given_to_schema(self, node: Node | None) -> list[Node]:
        if node is None or node.type not in ("call_expression", "new_expression"):
            return []
        called = self._in.field(node, "function") or self._in.field(node, "constructor")
        is_one = called is not None and called.end_byte - called.start_byte < _LONGEST
        if not is_one or not _SCHEMAS.fullmatch(self._in.text(called)):
            return []
        return self._in.kids(self._in.field(node, "arguments"))

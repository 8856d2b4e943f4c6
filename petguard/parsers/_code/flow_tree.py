"""What lowering a tree of tree-sitter into statements has in common for all languages: places, texts, and a depth."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module

from tree_sitter import Language, Node

from petguard.documents import tree_of
from petguard.flows import form as f
from petguard.parsers._code.tree import NOT_VALID, broken_at

_DEEPEST = 60  # expressions and statements inside of each other; each takes several steps of Python's own stack

Lower = Callable[[Node], f.Expr]
LowerStatement = Callable[[Node], Iterable[f.Statement]]


@cache
def _language(module: str, function: str) -> Language:
    return Language(getattr(import_module(module), function)())


class Lowering:
    """One file on its way into the form. A language fills `expressions` and `statements`, by the type of the node."""

    expressions: Mapping[str, Lower]
    statements: Mapping[str, LowerStatement]

    def __init__(self, data: bytes, module: str, function: str = "language") -> None:
        self.data = data
        self.form = f.Form()
        self.root = tree_of(_language(module, function), data).root_node
        self._depth = 0
        broken = broken_at(self.root)
        if broken is not None:
            self.form.unread.append((broken, NOT_VALID))

    # --- places and texts -----------------------------------------------------------------------------------------

    def at(self, node: Node) -> f.Place:
        """Where a node begins."""
        row, column = node.start_point
        return f.place(row + 1, column + 1)

    def end(self, node: Node) -> f.Place:
        """Where a node ends."""
        row, column = node.end_point
        return f.place(row + 1, column + 1)

    def text(self, node: Node | None) -> str:
        """The text of a node; empty for none."""
        return "" if node is None else self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def field(self, node: Node, name: str) -> Node | None:
        """The child that a node has under a name."""
        return node.child_by_field_name(name)

    def kids(self, node: Node | None, *types: str) -> list[Node]:
        """The named children of a node, comments left out; with types, only those."""
        if node is None:
            return []
        return [each for each in node.named_children if (each.type in types if types else "comment" not in each.type)]

    # --- expressions and statements -------------------------------------------------------------------------------

    def expression(self, node: Node | None) -> f.Expr:
        """An expression; one that is nested too deeply is left out, and noted."""
        lower = None if node is None else self.expressions.get(node.type)
        if node is None or lower is None:
            return f.Constant()
        if self._depth > _DEEPEST:
            self.too_deep(node)
            return f.Constant()
        self._depth += 1
        try:
            return lower(node)
        finally:
            self._depth -= 1

    def block(self, nodes: Iterable[Node]) -> list[f.Statement]:
        """Statements in order."""
        return [statement for node in nodes for statement in self.statement(node)]

    def statement(self, node: Node) -> Iterator[f.Statement]:
        """The statements that one node is."""
        lower = self.statements.get(node.type)
        if lower is None:
            return
        if self._depth > _DEEPEST:
            self.too_deep(node)
            return
        self._depth += 1
        try:
            yield from lower(node)
        finally:
            self._depth -= 1

    def too_deep(self, node: Node) -> None:
        """Note that a part is left out."""
        note = node.start_point[0] + 1, "nested too deeply to follow"
        if note not in self.form.unread:
            self.form.unread.append(note)

    def flat(self, node: Node, kinds: Iterable[str]) -> Iterator[Node]:
        """The leaves of operators that lean to the left: thousands of texts that are added up are no deep nesting."""
        pending = [node]
        while pending:
            each = pending.pop()
            if each.type in kinds:
                pending += [inner for inner in reversed(each.named_children) if "comment" not in inner.type]
            else:
                yield each

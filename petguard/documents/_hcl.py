"""HCL, the language of Terraform, as the plain values that its JSON form would have.

Blocks nest by their labels, repeated blocks are lists, and what is computed stays text in `${...}`: nobody evaluates
it here. `jsonencode(x)` is x, since only its parts are of interest.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from petguard.documents._common import MAX_DEPTH, Document, Place, Step, bounded, too_deep
from petguard.documents._trees import tree_of

if TYPE_CHECKING:
    from tree_sitter import Language, Node

# Functions that pass on what they are given; of several arguments the first that is written out.
_PASSING = frozenset(
    ["jsonencode", "yamlencode", "toset", "tolist", "tomap", "tostring", "nonsensitive", "sensitive", "try", "coalesce"]
)
_ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\\\": "\\"}


@dataclass
class _Read:
    """A value and where it stands."""

    value: Any
    line: int
    column: int
    inside: dict[Step, "_Read"] = field(default_factory=dict)

    def place(self) -> Place:
        """The place with those of all that lies inside."""
        return Place(self.line, self.column, {step: read.place() for step, read in self.inside.items()})


def read_hcl(text: str) -> tuple[Document, tuple[int, ...]]:
    """The document, and the lines that are no HCL and were left out."""
    tree = tree_of(_language(), bounded(text, "HCL").encode("utf-8", "replace"))
    root = _Read({}, 1, 1)
    for body in tree.root_node.named_children:
        if body.type == "body":
            _body(body, root, 0, top=True)
        elif body.type == "object":  # a file of values that is one object
            root = _object(body, 0)
    return Document(root.value, root.place()), tuple(sorted(set(_broken(tree.root_node))))


@cache
def _language() -> "Language":
    import tree_sitter_hcl  # noqa: PLC0415 - only scans with Terraform in them need to load it
    from tree_sitter import Language  # noqa: PLC0415

    return Language(tree_sitter_hcl.language())


def _broken(node: "Node") -> Iterator[int]:
    todo = [node]
    while todo:
        each = todo.pop()
        if each.is_error or each.is_missing:
            yield each.start_point[0] + 1
        elif each.has_error:
            todo += each.children


def _at(node: "Node", value: Any) -> _Read:
    return _Read(value, node.start_point[0] + 1, node.start_point[1] + 1)


def _text(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _body(body: "Node", into: _Read, depth: int, *, top: bool = False) -> _Read:
    if depth > MAX_DEPTH:
        raise too_deep(body.start_point[0] + 1)
    for child in body.named_children:
        if child.type == "attribute" and len(child.named_children) == 2:
            name, expression = child.named_children
            read = _expression(expression, depth + 1)
            _put(into, _text(name), _Read(read.value, *_start(child), read.inside))
        elif child.type == "block":
            _block(child, into, depth, top=top)
    return into


def _start(node: "Node") -> tuple[int, int]:
    return node.start_point[0] + 1, node.start_point[1] + 1


def _block(block: "Node", into: _Read, depth: int, *, top: bool) -> None:
    names = [_label(each) for each in block.named_children if each.type in ("identifier", "string_lit")]
    body = next((each for each in block.named_children if each.type == "body"), None)
    if not top and names[:1] == ["dynamic"] and len(names) == 2 and body is not None:
        names = names[1:]
        inner = next((each for each in body.named_children if each.type == "block"), None)
        body = next((each for each in inner.named_children if each.type == "body"), body) if inner else body
    read = _at(block, {})
    if body is not None:
        _body(body, read, depth + 1)
    for name in names[:-1]:
        if not isinstance(into.value.get(name), dict):
            _put(into, name, _at(block, {}))
        into = into.inside[name]
    if names:
        _append(into, names[-1], read, always=not top)


def _label(node: "Node") -> str:
    return _text(node).strip('"')


def _put(into: _Read, name: str, read: _Read) -> None:
    into.value[name], into.inside[name] = read.value, read


def _append(into: _Read, name: str, read: _Read, *, always: bool) -> None:
    """A block beside others of its name; inside a block it is a list from the start."""
    held = into.inside.get(name)
    if held is None and not always:
        _put(into, name, read)
        return
    if held is None or not isinstance(held.value, list):
        listed = _Read([], read.line, read.column)
        if held is not None:
            listed.value.append(held.value)
            listed.inside[0] = held
        _put(into, name, listed)
        held = listed
    held.inside[len(held.value)] = read
    held.value.append(read.value)


def _expression(node: "Node", depth: int) -> _Read:
    if depth > MAX_DEPTH:
        raise too_deep(node.start_point[0] + 1)
    children = [child for child in node.named_children if child.type != "comment"]
    if node.type in ("expression", "literal_value", "template_expr", "collection_value") and len(children) == 1:
        return _expression(children[0], depth + 1)
    reader = _READERS.get(node.type)
    return reader(node, depth) if reader else _at(node, f"${{{_text(node)}}}")


def _string(node: "Node", _depth: int) -> _Read:
    text = _text(node)[1:-1]
    for escaped, char in _ESCAPES.items():
        text = text.replace(escaped, char)
    return _at(node, text)


def _heredoc(node: "Node", _depth: int) -> _Read:
    lines = _text(node).split("\n")
    return _at(node, "\n".join(lines[1:-1]))


def _number(node: "Node", _depth: int) -> _Read:
    text = _text(node)
    return _at(node, int(text) if text.isdigit() and len(text) < 20 else text)


def _tuple(node: "Node", depth: int) -> _Read:
    items = [_expression(child, depth + 1) for child in node.named_children if child.type == "expression"]
    read = _at(node, [item.value for item in items])
    read.inside.update(enumerate(items))
    return read


def _object(node: "Node", depth: int) -> _Read:
    read = _at(node, {})
    for element in node.named_children:
        key, value = element.child_by_field_name("key"), element.child_by_field_name("val")
        if key is not None and value is not None:
            inner = _expression(value, depth + 1)
            _put(read, _text(key).strip('"'), _Read(inner.value, *_start(element), inner.inside))
    return read


def _call(node: "Node", depth: int) -> _Read:
    name = _text(node.named_children[0]) if node.named_children else ""
    listed = next((child for child in node.named_children if child.type == "function_arguments"), None)
    arguments = [_expression(child, depth + 1) for child in (listed.named_children if listed else ())]
    if name in _PASSING:
        written = (each for each in arguments if not (isinstance(each.value, str) and each.value.startswith("${")))
        chosen = next(written, arguments[0] if arguments else None)
        return chosen if chosen is not None else _at(node, None)
    if name == "merge":
        return _merged(node, arguments)
    if name == "concat":
        parts = [item for each in arguments for item in each.inside.values() if isinstance(each.value, list)]
        read = _at(node, [part.value for part in parts])
        read.inside.update(enumerate(parts))
        return read
    return _at(node, f"${{{_text(node)}}}")


def _merged(node: "Node", arguments: list[_Read]) -> _Read:
    read = _at(node, {})
    for each in arguments:
        if isinstance(each.value, dict):
            for name, inner in each.inside.items():
                _put(read, str(name), inner)
    return read


def _conditional(node: "Node", depth: int) -> _Read:
    """Of two branches the one that is a collection: it is there sometimes."""
    branches = [_expression(child, depth + 1) for child in node.named_children[1:]]
    filled = (each for each in branches if isinstance(each.value, dict | list) and each.value)
    return next(filled, _at(node, f"${{{_text(node)}}}"))


_READERS: dict[str, Callable[["Node", int], _Read]] = {
    "string_lit": _string,
    "quoted_template": _string,
    "heredoc_template": _heredoc,
    "numeric_lit": _number,
    "bool_lit": lambda node, _depth: _at(node, _text(node) == "true"),
    "null_lit": lambda node, _depth: _at(node, None),
    "tuple": _tuple,
    "object": _object,
    "function_call": _call,
    "conditional": _conditional,
}

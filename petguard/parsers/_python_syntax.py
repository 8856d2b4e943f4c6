"""Small readings of Python syntax trees; foreign code may be deeper than the stack of the reader."""

import ast
import sys
import warnings

from petguard.errors import UnreadableInput

Position = tuple[int, int]

_LONGEST_NAME = 120  # characters of an expression that a report shows


def span(node: ast.AST) -> tuple[Position, Position]:
    """First and last position in semgrep's terms: 1-based lines and byte columns, the end exclusive."""
    start = (getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)
    return start, (getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0) + 1)


def spelled(node: ast.expr) -> str:
    """How an expression is addressed, without the arguments of its calls: they may hold secrets."""
    parts: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            parts.append(f".{node.attr}")
            node = node.value
        elif isinstance(node, ast.Call):
            parts.append("()")
            node = node.func
        elif isinstance(node, ast.Subscript):
            parts.append("[]")
            node = node.value
        elif isinstance(node, ast.Await):
            node = node.value
        else:
            return f"…{''.join(reversed(parts))}"[-_LONGEST_NAME:]
    return f"{node.id}{''.join(reversed(parts))}"[-_LONGEST_NAME:]


def last_name(node: ast.expr) -> str:
    """The last name that an expression is known by: `b` of `a.b`, `key` of `a["key"]`, else nothing."""
    if isinstance(node, ast.Subscript):
        return node.slice.value if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str) else ""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def callee(call: ast.Call) -> ast.expr:
    """What is called: of `Agent[Context](...)` the class without its type arguments."""
    return call.func.value if isinstance(call.func, ast.Subscript) else call.func


def module(text: str) -> ast.Module:
    """A whole file; UnreadableInput when this Python cannot parse it."""
    version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise UnreadableInput(f"not valid {version}: {error.msg}", line=error.lineno or None) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnreadableInput(f"not readable as {version}: {type(error).__name__}", reason="too_deep") from error


def parsed(text: str) -> ast.expr | None:
    """An expression out of a text; None when it is not one, or too deep."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def same(one: ast.AST, other: ast.AST) -> bool:
    """Whether two pieces of code read the same; False when they are too deep to tell."""
    try:
        return ast.dump(one) == ast.dump(other)
    except RecursionError:
        return False

"""What tests of front ends ask of a form."""

from typing import Any


def every(node: object) -> list[Any]:
    """All parts of a form, in no order."""
    found: list[Any] = []
    pending: list[Any] = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, list | tuple):
            pending += each
        elif hasattr(each, "__slots__"):
            found.append(each)
            pending += [getattr(each, name) for name in each.__slots__]
    return found

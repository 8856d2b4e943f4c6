"""What a name stands for: the expression it got its value from, and the AI package it comes from, across files."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from petguard.catalog import Package
from petguard.parsers._code.form import (
    Binding,
    Call,
    Code,
    Expr,
    Import,
    Loaded,
    Member,
    Name,
    Record,
    Step,
    chain,
    pairs_of,
    within,
)
from petguard.parsers._code.project import Project

_STEPS = 20  # from a name to what it stands for
_ITSELF = frozenset({"this", "self", "Self", "static", "super"})
Found = tuple[Code, Expr]


@dataclass(frozen=True)
class Origin:
    """The AI package behind an expression, and the names from it to the first call: `OpenAI`, `NewClient`.

    `made` is where the object was made that the expression is a use of; None when the package's own name is used.
    `opened`: the name was not imported by itself, it only may be one of the package's.
    """

    package: Package
    path: str
    module: str
    made: Found | None = None
    opened: bool = False


def origins(project: Project, code: Code, expr: Expr, steps: int = _STEPS) -> list[Origin]:
    """The packages that an expression may come from."""
    return project.once("origins", expr, lambda: _origins(project, code, expr, steps), [])


def _origins(project: Project, code: Code, expr: Expr, steps: int) -> list[Origin]:
    root, links = chain(expr)
    names = list(_until_call(links))
    if steps <= 0:
        return []
    if isinstance(root, Loaded):
        return _of_loaded(project, code, root, names, steps)
    if not isinstance(root, Name):
        return []
    bound, names = _bound(code, root, names)
    if bound:
        values = [(code, each.value) for each in bound]
        return _through(project, values, names, steps)
    return _imported(project, code, root, names, steps)


def _until_call(links: Iterable[Step]) -> Iterator[str]:
    for link in links:
        yield link.name
        if link.call is not None:
            return


def _bound(code: Code, root: Name, names: list[str]) -> tuple[list[Binding], list[str]]:
    """What the beginning of a chain is bound to, and the names after it."""
    if names and names[0]:
        first = names[0] if root.name in _ITSELF else f"{root.name}.{names[0]}"
        bound = code.bound(first, root.start)
        if bound:
            return bound, names[1:]
    return code.bound(root.name, root.start), names


def _of_loaded(project: Project, code: Code, root: Loaded, names: Sequence[str], steps: int) -> list[Origin]:
    package = project.package(code, root.module)
    if package is not None:
        return [Origin(package, path_of(names), root.module)]
    target = project.target(code, root.module)
    if target is None or not names:
        return []
    values = _exports(project, target, names[0])
    return _through(project, values, names[1:], steps)


def _imported(project: Project, code: Code, root: Name, names: Sequence[str], steps: int) -> list[Origin]:
    imported = next((each for each in code.imports if each.local == root.name), None)
    if imported is None:
        return list(_unqualified(project, code, root.name, path_of([root.name, *names])))
    package = project.package(code, imported.module, imported.name)
    if package is not None:
        return [Origin(package, path_of([imported.name, *names]), imported.module)]
    return _through(project, _exported(project, code, imported), names, steps)


def _unqualified(project: Project, code: Code, first: str, path: str) -> Iterator[Origin]:
    """The packages that a name may be from without having been imported by itself."""
    whole = project.named_in_full(code, path)
    if whole is not None:
        yield Origin(whole, path, first)
    for module, package in project.opened(code):
        yield Origin(package, path, module, opened=True)


def _through(project: Project, values: Iterable[Found], names: Sequence[str], steps: int) -> list[Origin]:
    """The origins of what a name is bound to; an object that was made stays what it was made as."""
    found: list[Origin] = []
    for file, value in values:
        for option in within(value):
            for inner in origins(project, file, option, steps - 1):
                made = inner.made or ((file, option) if _is_made(option) else None)
                path = inner.path if made else ".".join(filter(None, [inner.path, path_of(names)]))
                found.append(replace(inner, path=path, made=made))
    return found


def _is_made(expr: Expr) -> bool:
    """Whether an expression is an object that is made by a call, and not just another name of something."""
    return any(link.call is not None for link in chain(expr)[1])


def path_of(names: Sequence[str]) -> str:
    """Names as one path; what a module exports by default has no name of its own."""
    return ".".join(name for name in names if name and name != "default")


def _exported(project: Project, code: Code, imported: Import) -> list[Found]:
    """What an import from another file of the tree stands for."""
    target = project.target(code, imported.module)
    return _exports(project, target, imported.name) if target else []


def _exports(project: Project, target: Code, name: str) -> list[Found]:
    """What a file exports under a name: of its own, imported from elsewhere, or with everything of another file."""
    return project.once(f"exports {name}", target, lambda: _searched(project, target, name), [])


def _searched(project: Project, target: Code, name: str) -> list[Found]:
    """The nearest files that have the name, each asked once: bundlers make chunks that all open each other."""
    found: list[Found] = []
    pending = deque([target])
    seen = {target.path}
    while pending:
        file = pending.popleft()
        own = [(file, each) for each in _export(file, name)]
        if not own and any(each.local == name for each in file.imports):
            own = [(file, Name(0, name))]
        found += own
        opened = () if own else (project.target(file, each.module) for each in file.imports if not each.local)
        for each in opened:
            if each is not None and each.path not in seen:
                seen.add(each.path)
                pending.append(each)
    return found


def _export(target: Code, name: str) -> list[Expr]:
    aliases = (name, f"exports.{name}", f"module.exports.{name}")
    found = [each.value for alias in aliases for each in target.exported(alias)]
    whole = [each.value for each in target.exported("module.exports")]
    return found or [value for each in whole for value in _fields(each, name)]


def behind(project: Project, code: Code, expr: Expr) -> list[Found]:
    """The expressions that a name or member gets its value from, in this file or another."""
    if isinstance(expr, Name):
        return _behind_name(project, code, expr)
    return _behind_member(project, code, expr) if isinstance(expr, Member) else []


def _behind_name(project: Project, code: Code, expr: Name) -> list[Found]:
    bound = code.bound(expr.name, expr.start)
    if bound:
        return [(code, each.value) for each in bound]
    imported = next((each for each in code.imports if each.local == expr.name), None)
    if imported is not None and code.ecosystem == "npm":
        return _exported(project, code, imported)
    return [] if code.ecosystem == "npm" else _constants(project, code, project.neighbours(code), expr.name)


def _behind_member(project: Project, code: Code, expr: Member) -> list[Found]:
    if isinstance(expr.of, Name):
        itself = expr.of.name in _ITSELF
        bound = code.bound(expr.name if itself else f"{expr.of.name}.{expr.name}", expr.start)
        if bound or itself:
            return [(code, each.value) for each in bound]
    owners = _owners(project, code, expr.of)
    inside = [(file, value) for file, each in owners for value in _fields(each, expr.name)]
    if inside or code.ecosystem == "npm" or not isinstance(expr.of, Name | Member):
        return inside
    return _of_class(project, code, expr.of.name, expr.name)


def _owners(project: Project, code: Code, expr: Expr) -> list[Found]:
    """The objects that a member may belong to."""
    if isinstance(expr, Record | Call):
        return [(code, expr)]
    if isinstance(expr, Name):
        imported = next((each for each in code.imports if each.local == expr.name and not each.name), None)
        target = project.target(code, imported.module) if imported else None
        if target is not None:
            exports = tuple((each.name, each.value) for each in target.bindings if each.exported)
            return [(target, Record(0, exports))]
    return [found for found in behind(project, code, expr) if isinstance(found[1], Record | Call)]


def _fields(owner: Expr, name: str) -> list[Expr]:
    pairs = pairs_of(owner) if isinstance(owner, Call) else owner.pairs if isinstance(owner, Record) else ()
    return [value for key, value in pairs if key == name]


def _of_class(project: Project, code: Code, holder: str, name: str) -> list[Found]:
    """A constant of a class or module, which stands in this file or in the one of its name."""
    members = [each for each in code.exported(name) if each.member]
    if members:
        return [(code, each.value) for each in members]
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", holder).lower()
    paths = [path for stem in dict.fromkeys((holder, snake)) for path in project.of_stem(stem)]
    return _constants(project, code, paths, name)


def _constants(project: Project, code: Code, paths: Iterable[str], name: str) -> list[Found]:
    """A constant that one of these files exports; where two do, nobody knows which one is meant."""
    suffix = PurePosixPath(code.path).suffix
    others = [path for path in paths if path != code.path and path.endswith(suffix)]
    found = [
        (target, each.value)
        for path in others
        if (target := project.code(path)) is not None
        for each in target.exported(name)
    ]
    return found if len({target.path for target, _ in found}) == 1 else []

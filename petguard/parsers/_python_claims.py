"""Differential-privacy claims that stand in Python code, with every parameter that can be read for certain."""

import ast
from collections.abc import Iterator

from pydantic import ValidationError

from petguard.claims import BY_TECHNIQUE, Statement
from petguard.errors import UnreadableInput
from petguard.model import Asset, Claim, Gap, Json, Node, NodeKind, Origin, State
from petguard.parsers._python_doubts import doubts
from petguard.parsers._python_file import File, Found, argument
from petguard.parsers._python_syntax import Position, last_name, same
from petguard.parsers._python_values import UNKNOWN


class _Reading:
    """The fields of one claim: what is certain, and what stands there instead where it is not."""

    def __init__(self, file: File, found: Found) -> None:
        self.file = file
        self.found = found
        self.values: dict[str, object] = dict(found.detector.fixed)
        self.unresolved: dict[str, str] = {}
        self.doubts: tuple[str, ...] = ()

    def take(self, name: str, node: ast.expr | None) -> None:
        """Read a field; an argument that is not there says nothing."""
        if node is None or name in self.values or (isinstance(node, ast.Constant) and node.value is None):
            return
        value = self.file.module.value(node)
        if value is UNKNOWN:
            self.unresolved[name] = f"{self.file.excerpt(node)} is not a constant"
        else:
            self.values[name] = value


def claims(file: File) -> Iterator[tuple[Claim, Node] | Gap]:
    """Every claim in a file, and the protection it speaks of; a gap for a claim with impossible numbers."""
    for found in file.of("dp_claim"):
        reading = _Reading(file, found)
        for name, field in found.detector.arguments.items():
            reading.take(field, argument(found.call, [name]))
        if found.detector.technique == "dp_sgd":
            _read_training(file, found, reading)
        try:
            claim = _claim(file, found, reading)
        except UnreadableInput as error:
            yield Gap(path=file.path, state=State.PARTIAL, reason=error.reason, detail=error.detail, line=error.line)
        else:
            yield claim, _pet(file, found, claim)


def _claim(file: File, found: Found, reading: _Reading) -> Claim:
    line, column = found.match.start
    function = file.module.function_at(found.match.start)
    technique = found.detector.technique or ""
    return Claim(
        id=f"{technique}:{file.path}:{line}:{column}",
        statement=_statement(technique, reading.values, line),
        location=file.location(found.match.start),
        subject=f"{file.path}:{function}" if function else file.path,
        unresolved=reading.unresolved,
        doubts=reading.doubts,
    )


def _statement(technique: str, values: Json, line: int) -> Statement:
    try:
        return BY_TECHNIQUE[technique].model_validate({"technique": technique, **values}, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        detail = f"{'.'.join(map(str, first['loc']))} of a {technique} claim: {first['msg'].lower()}"
        raise UnreadableInput(detail, reason="invalid_value", line=line) from error


def _pet(file: File, found: Found, claim: Claim) -> Node:
    return Node(
        id=f"pet:{claim.id}",
        kind=NodeKind.PROTECTION,
        name=found.detector.package or claim.technique,
        origin=Origin.DETECTED,
        locations=(file.location(found.match.start),),
        asset=Asset.PET,
        technique=claim.technique,
        claim=claim.id,
    )


def _read_training(file: File, found: Found, reading: _Reading) -> None:
    """What Opacus is not told but the training code shows: sampling, batch size, epochs, delta."""
    loader = _loader(file, found)
    shuffled = _is_true(file, argument(loader, ["shuffle"])) if loader else None
    poisson = argument(found.call, ["poisson_sampling"])
    if poisson is None or file.module.value(poisson) is True:
        reading.values["sampling"] = "poisson"  # the library's default
    elif file.module.value(poisson) is False:
        reading.values["sampling"] = "shuffle" if shuffled else "fixed_without_replacement"
    else:
        reading.unresolved["sampling"] = f"poisson_sampling={file.excerpt(poisson)} is not a constant"
    if loader is not None:
        reading.take("batch_size", argument(loader, ["batch_size"], 1))
    reading.take("epochs", _epochs(file, found.match.start))
    reading.take("delta", _delta(file, found.match.start))
    reading.doubts = tuple(dict.fromkeys(doubts(file, found, loader)))


def _loader(file: File, found: Found) -> ast.Call | None:
    """The one DataLoader that is given to the engine, also when the engine's results get the same names."""
    given = argument(found.call, [found.detector.loader] if found.detector.loader else [])
    if given is None:
        return None
    bound = file.module.bound(given)
    before = [value for value in bound if value is not None] or [given]
    made = before[0]
    only = len(before) == 1 and len(bound) - len(before) <= _results_named(file, found.call, given)
    return made if only and isinstance(made, ast.Call) and last_name(made.func) == "DataLoader" else None


def _results_named(file: File, call: ast.Call, name: ast.expr) -> int:
    """How often `model, optimizer, loader = engine.make_private(...)` binds a name anew."""
    statements = [node for node in ast.walk(file.module.tree) if isinstance(node, ast.Assign) and node.value is call]
    targets = [each for statement in statements for target in statement.targets for each in ast.walk(target)]
    return sum(isinstance(each, ast.Name) and isinstance(name, ast.Name) and each.id == name.id for each in targets)


def _is_true(file: File, node: ast.expr | None) -> bool:
    return node is not None and file.module.value(node) is True


def _epochs(file: File, position: Position) -> ast.expr | None:
    """How often the one loop over epochs runs in the function (or module) that makes the engine."""
    function = file.module.function_at(position)
    loops = [
        node.iter
        for node in ast.walk(file.module.tree)
        if isinstance(node, ast.For)
        and "epoch" in last_name(node.target).lower()
        and file.module.function_at((node.lineno, node.col_offset + 1)) == function
    ]
    return _rounds(loops[0]) if len(loops) == 1 else None


def _rounds(loop: ast.expr) -> ast.expr | None:
    """The length of `range(n)` or `range(1, n + 1)`, also inside a progress bar."""
    if not isinstance(loop, ast.Call) or not loop.args:
        return None
    name = last_name(loop.func)
    if name == "tqdm":
        return _rounds(loop.args[0])
    if name not in {"range", "trange"} or len(loop.args) > 2:
        return None
    return loop.args[0] if len(loop.args) == 1 else _difference(loop)


def _difference(loop: ast.Call) -> ast.expr:
    """The length of `range(start, end)`, which stands in the report as the call that it was made from."""
    return ast.copy_location(ast.BinOp(loop.args[1], ast.Sub(), loop.args[0]), loop)


def _delta(file: File, position: Position) -> ast.expr | None:
    """The one delta at which the function that makes the engine, or else the file, asks for the epsilon."""
    asked = [
        (file.module.function_at((node.lineno, node.col_offset + 1)), given)
        for node in file.module.calls.values()
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get_epsilon"
        for given in [argument(node, ["delta"], 0)]
        if given is not None
    ]
    function = file.module.function_at(position)
    here = [given for place, given in asked if place == function]
    alone = len(file.of("dp_claim")) == 1
    said = here or ([given for _, given in asked] if alone else [])
    return said[0] if said and all(same(said[0], other) for other in said) else None

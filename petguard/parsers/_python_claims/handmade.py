"""Noise that somebody adds by hand with numpy, random, scipy or torch, and means as differential privacy.

Most such noise is augmentation, simulation or exploration. It is a claim only where its scale is computed from an
epsilon or a sensitivity; a sum of a scale and a small constant against division by zero is not.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from petguard.parsers._python_claims.ground import Ground
from petguard.parsers._python_claims.reading import Reading, sites
from petguard.parsers._python_file import argument
from petguard.parsers._python_pets import Call, Generator, speaks_of_a_budget
from petguard.parsers._python_syntax import last_name

Mechanism = Literal["laplace", "gaussian"]

_EPSILON: Final = re.compile(r"epsilon|(?:^|_)eps(?:_|\d*$)|(?:^|_)ε", re.IGNORECASE)
_SENSITIVITY: Final = re.compile(r"sensitivit|(?:^|_)(?:sens|gs)(?:_|$)|^delta_?f$|(?:^|_)l[12]_?sens", re.IGNORECASE)
_DELTA: Final = re.compile(r"^(?:target_)?delta$|^δ$", re.IGNORECASE)
_AGAINST_ZERO: Final = 1e-3  # an epsilon below this that is added to something keeps it from being zero


@dataclass(frozen=True)
class _Sampler:
    """A function that draws noise: its mechanism, and where its scale stands."""

    mechanism: Mechanism
    names: tuple[str, ...]
    position: int


_SCALE = _Sampler("laplace", ("scale",), 1), _Sampler("gaussian", ("scale",), 1)
_SAMPLERS: Final = {
    ("numpy", "laplace"): _SCALE[0],
    ("numpy", "normal"): _SCALE[1],
    ("random", "gauss"): _Sampler("gaussian", ("sigma",), 1),
    ("random", "normalvariate"): _Sampler("gaussian", ("sigma",), 1),
    ("torch", "Laplace"): _SCALE[0],
    ("torch", "Normal"): _SCALE[1],
    ("torch", "normal"): _Sampler("gaussian", ("std",), 1),
    ("scipy", "laplace"): _SCALE[0],
    ("scipy", "norm"): _SCALE[1],
}
_DRAWN_WITH: Final[Mapping[str, Generator]] = {"numpy": "numpy", "scipy": "numpy", "random": "random", "torch": "torch"}
_GENERATORS: Final = {
    **dict.fromkeys(("default_rng", "RandomState", "Generator"), "numpy"),
    **dict.fromkeys(("Random", "SystemRandom"), "random"),
}


def handmade(ground: Ground) -> Iterator[Reading]:
    """A reading for each noise whose scale speaks of a budget, or for each call of the function that adds it."""
    if not speaks_of_a_budget("\n".join(ground.module.lines)):
        return
    for call in ground.calls:
        found = _sampler(ground, call)
        scale = argument(call, found[1].names, found[1].position) if found else None
        if found is not None and scale is not None and _means_privacy(ground, found[1], scale):
            yield from _readings(ground, call, found, scale)


def _sampler(ground: Ground, call: ast.Call) -> tuple[Generator, _Sampler] | None:
    """Which generator a call draws from, and how; `rvs` of scipy is asked of the distribution."""
    func = call.func
    if isinstance(func, ast.Attribute) and func.attr == "rvs":
        func = func.value
    library, name = _library(ground, func), last_name(func)
    sampler = _SAMPLERS.get((library, name))
    if sampler is None or (library == "scipy" and func is call.func):
        return None
    return _DRAWN_WITH[library], sampler


def _library(ground: Ground, func: ast.expr) -> str:
    dotted = ground.module.dotted(func)
    if dotted is not None:
        root = dotted.partition(".")[0]
        return root if root in {"numpy", "random", "torch", "scipy"} else ""
    if not isinstance(func, ast.Attribute):
        return ""
    makers = [each for each in (func.value, *ground.module.bindings(func.value)) if isinstance(each, ast.Call)]
    return next((_GENERATORS[name] for maker in makers if (name := last_name(maker.func)) in _GENERATORS), "")


def _means_privacy(ground: Ground, sampler: _Sampler, scale: ast.expr) -> bool:
    """Whether a scale is made of a sensitivity, or is something divided by an epsilon."""
    names = list(_names(ground, scale))
    if any(_SENSITIVITY.search(name) for name in names):
        return True
    budgets = [each for each in _divisors(ground, scale) if _EPSILON.search(last_name(each))]
    if budgets:
        return sampler.mechanism == "laplace" or any(_DELTA.search(name) for name in names) or _spelled_out(budgets)
    return sampler.mechanism == "laplace" and any("epsilon" in name.lower() for name in names)


def _spelled_out(budgets: Sequence[ast.expr]) -> bool:
    return any("epsilon" in last_name(each).lower() for each in budgets)


def _pieces(ground: Ground, scale: ast.expr) -> Iterator[ast.AST]:
    """The expression of a scale, with what its names are bound to in the same function, two steps deep."""
    pending = [(scale, 0)]
    while pending:
        node, depth = pending.pop()
        for each in ast.walk(node):
            yield each
            if isinstance(each, ast.Name | ast.Attribute) and depth < 2:
                pending += [(value, depth + 1) for value in ground.module.bindings(each)]


def _names(ground: Ground, scale: ast.expr) -> Iterator[str]:
    return (last_name(each) for each in _pieces(ground, scale) if isinstance(each, ast.Name | ast.Attribute))


def _divisors(ground: Ground, scale: ast.expr) -> Iterator[ast.expr]:
    """What is divided by, and the factors of it; a small number that is added to a divisor is no factor."""
    for each in _pieces(ground, scale):
        if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Div):
            yield from _factors(each.right)


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        yield from _factors(node.left)
        yield from _factors(node.right)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield from _factors(node.left)
    elif isinstance(node, ast.Call) and len(node.args) == 1:
        yield from _factors(node.args[0])
    else:
        yield node


def _readings(ground: Ground, noise: ast.Call, found: tuple[Generator, _Sampler], scale: ast.expr) -> Iterator[Reading]:
    """A function that is given its epsilon or sensitivity claims something wherever it is called."""
    for site in sites(ground, noise, set(_names(ground, scale))):
        reading = Reading(ground, _kind(found), noise, site)
        _read(reading, found[1], scale)
        reading.data += reading.place.args[:1] if site else _added_to(ground, noise)
        yield reading


def _kind(found: tuple[Generator, _Sampler]) -> Call:
    generator, sampler = found
    fixed = {"mechanism": sampler.mechanism, "implementation": generator}
    return Call(technique="dp_query", fixed=fixed, generator=generator)


def _read(reading: Reading, sampler: _Sampler, scale: ast.expr) -> None:
    """The scale, and the epsilon, sensitivity and delta that it is computed from."""
    ground = reading.ground
    budgets = [each for each in _pieces(ground, scale) if isinstance(each, ast.Name | ast.Attribute)]
    for field, wanted in (("epsilon", _EPSILON), ("sensitivity", _SENSITIVITY), ("delta", _DELTA)):
        named = [each for each in budgets if wanted.search(last_name(each))]
        _take_settled(reading, field, named)
    if sampler.mechanism == "laplace" and "sensitivity" not in reading.unresolved:
        reading.take("sensitivity", _numerator(ground, scale))
    if not reading.inlined:
        reading.take("scale" if sampler.mechanism == "laplace" else "sigma", scale)
    _from_parts(reading, sampler, scale)


def _take_settled(reading: Reading, field: str, named: Sequence[ast.expr]) -> None:
    """The value of the first of these names that is known; `eps` may be another name for `epsilon`."""
    for each in named:
        if isinstance(reading.value(each), str):
            reading.leave(field, each, "is not a number")
            continue
        reading.take(field, each)
        if field in reading.values:
            reading.unresolved.pop(field, None)
            return


def _numerator(ground: Ground, scale: ast.expr) -> ast.expr | None:
    """What is divided by epsilon, in a plain quotient."""
    quotient = _quotient(ground, scale)
    return quotient.left if quotient is not None else None


def _quotient(ground: Ground, scale: ast.expr) -> ast.BinOp | None:
    node = (ground.module.binding(scale) if isinstance(scale, ast.Name) else None) or scale
    plain = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    return node if isinstance(node, ast.BinOp) and plain and _EPSILON.search(last_name(node.right)) else None


def _from_parts(reading: Reading, sampler: _Sampler, scale: ast.expr) -> None:
    """The scale of a plain quotient whose two sides are known, where the expression as a whole is not."""
    field = "scale" if sampler.mechanism == "laplace" else "sigma"
    quotient = _quotient(reading.ground, scale)
    if quotient is None or field in reading.values:
        return
    above, below = reading.number(quotient.left), reading.number(quotient.right)
    if above is not None and below:
        reading.values[field] = above / below


def _added_to(ground: Ground, noise: ast.Call) -> list[ast.expr]:
    """What the noise is added to, also under a name."""
    for around in ground.around(noise):
        if isinstance(around, ast.BinOp) and isinstance(around.op, ast.Add | ast.Sub):
            return [around.right if any(each is noise for each in ast.walk(around.left)) else around.left]
        if isinstance(around, ast.AugAssign):
            return [around.target] if isinstance(around.target, ast.Name | ast.Attribute | ast.Subscript) else []
        if isinstance(around, ast.Assign):
            return _added_later(ground, around)
    return []


def _added_later(ground: Ground, assigned: ast.Assign) -> list[ast.expr]:
    """The other side of the sums in which a name stands that the noise is bound to."""
    names = {target.id for target in assigned.targets if isinstance(target, ast.Name)}
    function = ground.function(assigned)
    sums = [node for node in ast.walk(function) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)]
    sides = [(node.left, node.right) for node in sums] + [(node.right, node.left) for node in sums]
    return [other for side, other in sides if isinstance(side, ast.Name) and side.id in names]


def sensitivities(reading: Reading) -> list[ast.expr]:
    """The names that the sensitivity of a noise goes by, or what stands above its epsilon."""
    found = _sampler(reading.ground, reading.call)
    scale = argument(reading.call, found[1].names, found[1].position) if found else None
    if scale is None:
        return []
    pieces = [each for each in _pieces(reading.ground, scale) if isinstance(each, ast.Name | ast.Attribute)]
    named: list[ast.expr] = [each for each in pieces if _SENSITIVITY.search(last_name(each))]
    above = _numerator(reading.ground, scale)
    return named or ([above] if above is not None else [])

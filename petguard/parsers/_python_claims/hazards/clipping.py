"""Clipping that does not bound what it should: after the noise, or for each layer to the norm of all."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.ground import Ground
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument
from petguard.parsers._python_syntax import last_name

_CLIPS = frozenset({"clip", "clamp", "clamp_", "clip_by_value"})
_BOUNDED = frozenset(
    {"sum", "mean", "count", "len", "size", "value_counts", "shape", "count_nonzero", "average", "median"}
)


def noise_first(reading: Reading) -> Iterator[Danger]:
    """Clipping `value + noise` to two bounds, where the value itself is no aggregate and was not clipped before."""
    if reading.kind.package is not None or any(_is_bounded(reading.ground, each) for each in reading.data):
        return
    clip = _clip_of(reading.ground, reading.call)
    if clip is not None and reading.data:
        detail = "the noise is added first and clipped with the value, so the clip does not bound what one person adds"
        yield Danger(hazard=Hazard.NOISE_BEFORE_CLIPPING, location=reading.ground.at(clip), detail=detail)


def _is_bounded(ground: Ground, value: ast.expr) -> bool:
    """An answer that was aggregated, or a value that was clipped before."""
    names = {last_name(node.func) for node in ground.origins(value) if isinstance(node, ast.Call)}
    attributes = {node.attr for node in ground.origins(value) if isinstance(node, ast.Attribute)}
    return bool((names | attributes) & (_CLIPS | _BOUNDED))


def _clip_of(ground: Ground, noise: ast.Call) -> ast.Call | None:
    """The call around a noise, or around the name that the sum with it is bound to, that clips to two bounds."""
    inner: ast.AST = noise
    for around in ground.around(noise):
        if isinstance(around, ast.Call) and last_name(around.func) in _CLIPS and _has_two_bounds(around):
            return around
        if isinstance(around, ast.Assign) and len(around.targets) == 1 and isinstance(inner, ast.BinOp):
            return _clip_of_name(ground, around.targets[0])
        inner = around
    return None


def _clip_of_name(ground: Ground, target: ast.expr) -> ast.Call | None:
    name = last_name(target)
    for call in ground.called(*_CLIPS):
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        clipped = [each for each in (*call.args[:1], receiver) if isinstance(each, ast.Name)]
        after = ground.function(call) is ground.function(target) and call.lineno >= target.lineno
        if after and any(each.id == name for each in clipped) and _has_two_bounds(call):
            return call
    return None


def _has_two_bounds(call: ast.Call) -> bool:
    """A clip to one side, as of negative counts to zero, only changes what is already noisy."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return len([each for each in given if not (isinstance(each, ast.Constant) and each.value is None)]) >= 2 + (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in {"np", "numpy", "torch", "tf"}
    )


def per_layer(reading: Reading) -> Iterator[Danger]:
    """Opacus clips each layer to its own norm: one number for all of them is L layers times too much."""
    clipping, norm = (argument(reading.call, [name]) for name in ("clipping", "max_grad_norm"))
    if clipping is None or norm is None or reading.value(clipping) != "per_layer":
        return
    if isinstance(reading.value(norm), int | float):
        detail = "every layer is clipped to the norm that is meant for all of them together"
        yield Danger(hazard=Hazard.PER_LAYER_CLIPPING, location=reading.ground.at(clipping), detail=detail)

"""Noise that anybody can compute again, because the code fixes the seed of its generator."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.hazards.samplers import is_secure
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument
from petguard.parsers._python_syntax import last_name

# By generator, the calls that seed it for the whole program, as they are imported.
_GLOBAL = {
    "numpy": frozenset({"numpy.random.seed"}),
    "random": frozenset({"random.seed"}),
    "torch": frozenset({"torch.manual_seed", "torch.random.manual_seed", "torch.cuda.manual_seed_all"}),
    "tensorflow": frozenset({"tensorflow.random.set_seed", "tensorflow.compat.v1.set_random_seed"}),
}
_EVERYTHING = frozenset({"seed_everything", "set_random_seed"})  # of Lightning and Keras: every generator at once
_OWN = frozenset({"default_rng", "RandomState", "Random", "PRNGKey", "key"})  # make one generator out of a seed


def fixed(reading: Reading) -> Iterator[Danger]:
    """A constant seed given to the call, to the generator that it draws from, or to the whole program."""
    for node in (*_of_call(reading), *_of_generator(reading), *_of_program(reading)):
        detail = f"the noise is drawn from a generator with a fixed seed: {reading.ground.file.excerpt(node)}"
        yield Danger(hazard=Hazard.FIXED_SEED, location=reading.ground.at(node), detail=detail)


def _of_call(reading: Reading) -> Iterator[ast.expr]:
    for name in (*reading.kind.seeds, "noise_generator"):
        given = reading.given(name)
        if given is None:
            continue
        if _is_seed(reading, given):
            yield given
        yield from (call for call in _makers(reading, given) if _seeds_one(reading, call))


def _of_generator(reading: Reading) -> Iterator[ast.expr]:
    """The object whose method draws the noise by hand."""
    func = reading.call.func
    if reading.kind.package is None and isinstance(func, ast.Attribute):
        yield from (call for call in _makers(reading, func.value) if _seeds_one(reading, call))


def _makers(reading: Reading, node: ast.expr) -> Iterator[ast.Call]:
    """The calls that make a generator, and those that seed it later under its name."""
    ways = (node, *reading.ground.module.bindings(node))
    yield from (each for each in ways if isinstance(each, ast.Call))
    for call in reading.ground.called("manual_seed", "seed"):
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if receiver is not None and isinstance(node, ast.Name) and last_name(receiver) == node.id:
            yield call


def _seeds_one(reading: Reading, call: ast.Call) -> bool:
    name = last_name(call.func)
    makes = name in _OWN or name in {"manual_seed", "seed"}
    return makes and _is_seed(reading, argument(call, ["seed"], 0))


def _of_program(reading: Reading) -> Iterator[ast.expr]:
    """A seed for the whole program counts in the function of the noise and at module level."""
    generator = reading.kind.generator
    if generator not in _GLOBAL or is_secure(reading) or _draws_from_its_own(reading):
        return
    ground = reading.ground
    places = (ground.function(reading.call), ground.function(reading.place), ground.tree)
    for call in ground.calls:
        dotted = ground.module.dotted(call.func) or ""
        all_at_once = last_name(call.func) in _EVERYTHING and bool(dotted)
        seeds = (dotted in _GLOBAL[generator] or all_at_once) and _is_seed(reading, argument(call, ["seed"], 0))
        if seeds and any(ground.function(call) is place for place in places):
            yield call


def _draws_from_its_own(reading: Reading) -> bool:
    """`rng.laplace()` of `rng = default_rng()` does not care for the seed of the program."""
    func = reading.call.func
    by_hand = reading.kind.package is None and isinstance(func, ast.Attribute)
    return by_hand and isinstance(func, ast.Attribute) and reading.ground.module.dotted(func) is None


def _is_seed(reading: Reading, node: ast.expr | None) -> bool:
    value = reading.value(node)
    return isinstance(value, int) and not isinstance(value, bool)

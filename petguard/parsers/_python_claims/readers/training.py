"""Training with differential privacy: how batches are drawn, how often, and at which delta the epsilon is asked for."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims import doubts
from petguard.parsers._python_claims.ground import Ground
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument
from petguard.parsers._python_syntax import last_name, same

_ENGINES = ("make_private", "make_private_with_epsilon")


def _opacus(reading: Reading) -> None:
    """What Opacus is not told but the training code shows: sampling, batch size, epochs, delta."""
    found = loader(reading)
    shuffled = found is not None and _is_true(reading, argument(found, ["shuffle"]))
    poisson = reading.given("poisson_sampling")
    if poisson is None or reading.value(poisson) is True:
        reading.values["sampling"] = "poisson"  # the library's default
    elif reading.value(poisson) is False:
        reading.values["sampling"] = "shuffle" if shuffled else "fixed_without_replacement"
    else:
        reading.unresolved["sampling"] = f"poisson_sampling={reading.ground.file.excerpt(poisson)} is not a constant"
    if found is not None:
        reading.take("batch_size", argument(found, ["batch_size"], 1))
        reading.data += [each for each in [argument(found, ["dataset"], 0)] if each is not None]
    reading.take("epochs", _epochs(reading.ground, reading.call))
    reading.take("delta", _delta(reading))
    reading.doubts += doubts.of_engine(reading, found)


def loader(reading: Reading) -> ast.Call | None:
    """The one DataLoader that is given to the engine, also when the engine's results get the same names."""
    given = reading.given("data_loader")
    if given is None:
        return None
    bound = reading.ground.module.bound(given)
    before = [value for value in bound if value is not None] or [given]
    made = before[0]
    only = len(before) == 1 and len(bound) - len(before) <= _results_named(reading, given)
    return made if only and isinstance(made, ast.Call) and last_name(made.func) == "DataLoader" else None


def _results_named(reading: Reading, name: ast.expr) -> int:
    """How often `model, optimizer, loader = engine.make_private(...)` binds a name anew."""
    nodes = reading.ground.nodes
    statements = [node for node in nodes if isinstance(node, ast.Assign) and node.value is reading.call]
    targets = [each for statement in statements for target in statement.targets for each in ast.walk(target)]
    return sum(isinstance(each, ast.Name) and isinstance(name, ast.Name) and each.id == name.id for each in targets)


def _is_true(reading: Reading, node: ast.expr | None) -> bool:
    return node is not None and reading.value(node) is True


def _epochs(ground: Ground, call: ast.Call) -> ast.expr | None:
    """How often the one loop over epochs runs in the function (or module) that makes the engine."""
    function = ground.function(call)
    loops = [
        node.iter
        for node in ground.nodes
        if isinstance(node, ast.For) and "epoch" in last_name(node.target).lower() and ground.function(node) is function
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


def _delta(reading: Reading) -> ast.expr | None:
    """The one delta at which the function that makes the engine, or else the file, asks for the epsilon."""
    ground = reading.ground
    asked = [
        (ground.function(node), given)
        for node in ground.called("get_epsilon")
        if isinstance(node.func, ast.Attribute)
        for given in [argument(node, ["delta"], 0)]
        if given is not None
    ]
    function = ground.function(reading.call)
    here = [given for place, given in asked if place is function]
    said = here or ([given for _, given in asked] if len(ground.called(*_ENGINES)) == 1 else [])
    return said[0] if said and all(same(said[0], other) for other in said) else None


def _keras(reading: Reading) -> None:
    """What a DP optimizer of Keras is not told but the one call of `fit` shows, and whether its clip is per example."""
    fits = [call for call in reading.ground.called("fit") if argument(call, ["epochs", "batch_size"]) is not None]
    if len(fits) == 1:
        reading.take("epochs", argument(fits[0], ["epochs"], 3))
        reading.take("batch_size", argument(fits[0], ["batch_size"], 2))
        reading.data += [each for each in [argument(fits[0], ["x"], 0)] if each is not None]
        _keras_sampling(reading, fits[0])
    reading.dangers += _microbatches(reading, fits)


def _keras_sampling(reading: Reading, fit: ast.Call) -> None:
    """Keras shuffles arrays and leaves data sets and generators, which have no separate targets, as they are."""
    shuffle = argument(fit, ["shuffle"])
    arrays = argument(fit, ["y"], 1) is not None
    if arrays and (shuffle is None or reading.value(shuffle) is True):
        reading.values["sampling"] = "shuffle"
    elif arrays and reading.value(shuffle) is False:
        reading.values["sampling"] = "fixed_without_replacement"


def _microbatches(reading: Reading, fits: list[ast.Call]) -> Iterator[Danger]:
    given = reading.given("num_microbatches")
    count, size = reading.whole(given), reading.values.get("batch_size")
    batch = argument(fits[0], ["batch_size"], 2) if len(fits) == 1 else None
    if given is None or count is None:
        return
    if batch is not None and same(batch, given):
        return
    if count == 1 or (isinstance(size, int) and count < size):
        of = f"a batch of {size}" if isinstance(size, int) else "a batch"
        detail = f"{of} is clipped in {count} microbatches, so the clip holds for a group of examples and not for each"
        yield Danger(hazard=Hazard.MICROBATCHES, location=reading.ground.at(given), detail=detail)


def _jax_keras(reading: Reading) -> None:
    """The batch that is accounted for is the physical one times the steps of accumulation."""
    size, steps = reading.given("batch_size"), reading.given("gradient_accumulation_steps")
    physical, times = reading.whole(size), 1 if steps is None else reading.whole(steps)
    if physical is not None and times is not None:
        reading.values["batch_size"] = physical * times
    else:
        reading.leave("batch_size", size if physical is None and size is not None else steps or reading.call)
    if reading.value(reading.given("poisson_sampling_in_fit")) is True:
        reading.values["sampling"] = "poisson"


READERS = {"opacus": _opacus, "keras": _keras, "jax_keras": _jax_keras}

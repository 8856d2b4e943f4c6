"""Why DP-SGD code may train otherwise than the numbers of its engine say; each doubt keeps a claim from a verdict."""

import ast
from collections.abc import Iterator

from petguard.parsers._python_claims.ground import LOOPS, Ground
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument
from petguard.parsers._python_syntax import last_name

_CLIPPINGS = ("flat", "per_layer", "adaptive")  # what is known of the last two is a hazard of its own


def of_engine(reading: Reading, loader: ast.Call | None) -> Iterator[str]:
    """Each reason in words, about the call that makes the engine, its file and its data loader."""
    ground = reading.ground
    if argument(reading.call, ["noise_generator"]) is not None:
        yield "it brings its own noise generator, which may be seeded"
    clipping = argument(reading.call, ["clipping"])
    if clipping is not None and ground.module.value(clipping) not in _CLIPPINGS:
        yield f"clipping={ground.file.excerpt(clipping)} is not accounted for"
    if _is_of_this_file(reading):
        yield "the engine is a class of this file and not the library's"
    if loader is not None and argument(loader, ["sampler", "batch_sampler"]) is not None:
        yield "the data loader has a sampler of its own"
    yield from _about_the_file(ground)
    yield from _about_the_loops(ground, reading)


def _is_of_this_file(reading: Reading) -> bool:
    module, call = reading.ground.module, reading.call
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    makers = [receiver, *module.bindings(receiver)]
    names = [last_name(maker.func) for maker in makers if isinstance(maker, ast.Call)]
    return any(name in module.definitions for name in names)


def _about_the_file(ground: Ground) -> Iterator[str]:
    """What happens to the optimizer behind the engine's back."""
    for node in ground.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "noise_multiplier" and isinstance(node.ctx, ast.Store):
            yield f"line {node.lineno} sets another noise_multiplier"
        elif isinstance(node, ast.Attribute) and node.attr == "original_optimizer":
            yield f"line {node.lineno} uses the optimizer without noise"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("opacus.schedulers"):
            yield "a scheduler changes the noise"
        elif isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield f"line {node.lineno} imports names that may replace the constants"


def _about_the_loops(ground: Ground, reading: Reading) -> Iterator[str]:
    """Whether the optimizer may step more often than once for each batch of each epoch."""
    function = ground.function(reading.call)
    depths = {id(node): loops for node, loops in _with_loops(function)}
    epochs = [node for node, _ in _with_loops(function) if _is_epoch_loop(node)]
    if not epochs:
        return
    if any(depths[id(epoch)] for epoch in epochs):
        yield "the loop over epochs stands inside another loop"
    for node, loops in _with_loops(function):
        steps = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "step"
        if steps and (len(loops) > 2 or not any(loop in epochs for loop in loops)):
            yield f"line {getattr(node, 'lineno', 0)} may step more often than once per batch and epoch"


def _is_epoch_loop(node: ast.AST) -> bool:
    return isinstance(node, ast.For | ast.AsyncFor) and "epoch" in last_name(node.target).lower()


def _with_loops(root: ast.AST) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Every node below `root` with the loops around it, the outermost first; without recursion."""
    pending: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(child, ()) for child in ast.iter_child_nodes(root)]
    while pending:
        node, loops = pending.pop()
        yield node, loops
        inner = (*loops, node) if isinstance(node, LOOPS) else loops
        pending += [(child, inner) for child in ast.iter_child_nodes(node)]

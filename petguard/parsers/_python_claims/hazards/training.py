"""DP-SGD whose batches or layers are not what the accountant assumes."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.readers.training import loader
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument
from petguard.parsers._python_syntax import last_name

_FIXES = ("fix", "fix_and_validate", "convert_batchnorm_modules", "replace_all_modules")
_NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm", "LazyBatchNorm2d", "BatchNormalization")
_WITH_NORMS = ("resnet", "densenet", "mobilenet", "efficientnet", "wide_resnet", "resnext", "googlenet", "inception")


def batch_norm(reading: Reading) -> Iterator[Danger]:
    """A layer that mixes the examples of a batch, in the model that is trained."""
    if reading.kind.technique != "dp_sgd" or reading.ground.called(*_FIXES):
        return
    model = reading.given("module") if reading.kind.package == "opacus" else None
    parts = list(reading.ground.origins(model)) if model is not None else []
    for call in _layers(reading, parts):
        detail = f"{last_name(call.func)} makes the gradient of one example depend on the others in its batch"
        yield Danger(hazard=Hazard.BATCH_NORM, location=reading.ground.at(call), detail=detail)
        return


def _layers(reading: Reading, parts: list[ast.AST]) -> Iterator[ast.Call]:
    """Batch normalisation in a model's expression, in its class, or in a network that is known to have it."""
    module = reading.ground.module
    for part in parts:
        if not isinstance(part, ast.Call):
            continue
        name = last_name(part.func)
        dotted = module.dotted(part.func) or ""
        known = name.startswith(_WITH_NORMS) and "torchvision" in dotted and argument(part, ["norm_layer"]) is None
        if name in _NORMS or known:
            yield part
        made = module.definitions.get(name) if isinstance(part.func, ast.Name) else None
        inner = ast.walk(made) if made is not None else ()
        yield from (each for each in inner if isinstance(each, ast.Call) and last_name(each.func) in _NORMS)
    if reading.kind.package == "tensorflow-privacy":
        yield from reading.ground.called("BatchNormalization")


def weighted_sampler(reading: Reading) -> Iterator[Danger]:
    """Opacus computes its sample rate as if every example were as likely as any other (its issue 813)."""
    if reading.kind.package != "opacus":
        return
    made = loader(reading)
    given = argument(made, ["sampler"]) if made is not None else None
    ways = [] if given is None else [given, *reading.ground.module.bindings(given)]
    for each in ways:
        if isinstance(each, ast.Call) and last_name(each.func) == "WeightedRandomSampler":
            detail = (
                "WeightedRandomSampler draws some examples more often than the sample rate that Opacus accounts for"
            )
            yield Danger(hazard=Hazard.LIBRARY_TRAP, location=reading.ground.at(each), detail=detail)


def adaptive_clipping(reading: Reading) -> Iterator[Danger]:
    """The norm that follows the gradients is a second release of each step; Opacus 1.5 does not count it."""
    clipping = argument(reading.call, ["clipping"]) if reading.kind.package == "opacus" else None
    if clipping is not None and reading.value(clipping) == "adaptive":
        detail = (
            "adaptive clipping also releases how many gradients were clipped, which Opacus before 1.6 does not count"
        )
        yield Danger(hazard=Hazard.UNACCOUNTED_RELEASE, location=reading.ground.at(clipping), detail=detail)

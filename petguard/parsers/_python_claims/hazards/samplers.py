"""Generators that can be predicted, and continuous noise from a textbook formula in floating point."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument
from petguard.parsers._python_syntax import last_name

_PREDICTABLE = frozenset({"numpy", "random", "torch", "tensorflow"})
_TEXTBOOK = frozenset({"dp_query", "local_dp"})  # one answer shows its last bits; a training run adds up many
_SYSTEM = frozenset({"SystemRandom"})


def predictable(reading: Reading) -> Iterator[Danger]:
    """Noise from a generator that was made for simulations."""
    generator = reading.kind.generator
    if generator in _PREDICTABLE and not is_secure(reading):
        detail = f"the generator of {generator} was made for simulations, and its state can be computed from its output"
        yield Danger(hazard=Hazard.INSECURE_RANDOM, location=reading.ground.at(reading.call), detail=detail)


def textbook(reading: Reading) -> Iterator[Danger]:
    """A floating-point number that carries continuous noise can say which answers are impossible (Mironov 2012)."""
    generator = reading.kind.generator
    if generator in {"numpy", "random", "torch"} and reading.kind.technique in _TEXTBOOK and _is_continuous(reading):
        detail = (
            f"continuous noise of {generator} in floating point tells neighbouring answers apart by their last bits"
        )
        yield Danger(hazard=Hazard.NAIVE_FLOATING_POINT, location=reading.ground.at(reading.call), detail=detail)


def _is_continuous(reading: Reading) -> bool:
    return reading.values.get("protocol") is None


def is_secure(reading: Reading) -> bool:
    """Whether the noise is drawn from the operating system: Opacus' secure mode, or `random.SystemRandom`."""
    func = reading.call.func
    receiver = func.value if isinstance(func, ast.Attribute) else func
    makers = [each for each in (receiver, *reading.ground.module.bindings(receiver)) if isinstance(each, ast.Call)]
    if any(last_name(maker.func) in _SYSTEM for maker in makers):
        return True
    modes = [argument(maker, ["secure_mode"]) for maker in makers]
    return bool(modes) and all(mode is not None and reading.value(mode) is True for mode in modes)

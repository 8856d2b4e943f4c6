"""The noise of a release, as a value that composes: which mechanism, how loud, how often."""

from dataclasses import dataclass, replace
from typing import Literal, Self


@dataclass(frozen=True)
class Noise:
    """`count` releases of one mechanism, each with its own noise.

    `scale` is b for Laplace and discrete Laplace, sigma for Gaussian, and the probability of the truth for randomised
    response; `sensitivity` is how far one unit moves the answer, in the mechanism's own norm. Each release sees a unit
    with probability `rate`, independently (Poisson sampling, Gaussian only; 1 is always).
    """

    mechanism: Literal["laplace", "gaussian", "discrete_laplace", "randomized_response"]
    scale: float
    sensitivity: float = 1.0
    count: int = 1
    rate: float = 1.0

    def louder(self, factor: float) -> Self:
        """The same with its noise multiplied; randomised response stays, its noise is no scale."""
        return self if self.mechanism == "randomized_response" else replace(self, scale=self.scale * factor)

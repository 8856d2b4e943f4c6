"""What goes wrong beside a claim in Python code: one module for each family of hazards.

A finder gets the reading of any claim and yields dangers; it decides itself whether the hazard can concern the claim.
"""

from collections.abc import Callable, Iterable

from petguard.model import Danger
from petguard.parsers._python_claims.hazards import (
    bounds,
    clipping,
    contributions,
    federated,
    keys,
    loops,
    raw,
    samplers,
    seeds,
    training,
    traps,
)
from petguard.parsers._python_claims.reading import Reading

Finder = Callable[[Reading], Iterable[Danger]]

FINDERS: tuple[Finder, ...] = (
    bounds.read_from_data,
    clipping.noise_first,
    clipping.per_layer,
    contributions.unbounded,
    federated.noise_split_among_clients,
    keys.of_groups,
    loops.spent_again,
    raw.beside_the_noise,
    samplers.predictable,
    samplers.textbook,
    seeds.fixed,
    training.adaptive_clipping,
    training.batch_norm,
    training.weighted_sampler,
    traps.of_library,
)


def beside(reading: Reading) -> tuple[Danger, ...]:
    """Every danger beside a claim, in the order of the file, each once."""
    found = [*reading.dangers, *(danger for finder in FINDERS for danger in finder(reading))]
    return tuple(dict.fromkeys(sorted(found, key=lambda each: (each.location.line, each.location.column, each.hazard))))

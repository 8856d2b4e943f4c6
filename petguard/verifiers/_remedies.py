"""The smallest noise, or the largest number of releases, that meets a target, by the bound that judges claims."""

import math
from collections.abc import Callable

_LARGEST = 1e6  # a remedy that needs more than this many times the noise is no advice


def smallest_factor(meets: Callable[[float], bool]) -> float | None:
    """By how much to multiply the noise, a ten-thousandth exact, so that `meets` holds; None where it never does."""
    low, high = 0.0, 1.0
    while not meets(high):
        low, high = high, 2 * high
        if high > _LARGEST:
            return None
    while low == 0 and meets(high / 2) and high > 1 / _LARGEST:
        high /= 2
    low = max(low, high / 2)
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if meets(middle) else (middle, high)
    return high


def rounded_up(value: float, meets: Callable[[float], bool]) -> float | None:
    """The smallest number near `value`, with as few as four digits, that meets the target."""
    if not 1e-300 < value < 1e300:
        return None
    unit = 10.0 ** (math.floor(math.log10(value)) - 3)
    first = math.floor(value * (1 - 2e-4) / unit)
    candidates = (float(f"{(first + up) * unit:.4g}") for up in range(8))
    return next((at for at in candidates if meets(at)), None)


def largest_count(most: int, meets: Callable[[int], bool]) -> int:
    """The largest count up to `most` that meets the target; 0 where not even one does."""
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if meets(middle) else (low, middle)
    return low

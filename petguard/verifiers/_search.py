"""The smallest number that meets a target, and the largest: how every remedy is found."""

from collections.abc import Callable


def smallest(meets: Callable[[int], bool], most: int, *, slack: float = 0.0) -> int | None:
    """The smallest number from 1 to `most` that meets, where every larger one does too; None if there is none.

    With `slack` it may be larger than the smallest by that share, which saves the last steps.
    """
    low, high = 0, 1
    while not meets(high):
        if high >= most:
            return None
        low, high = high, min(high * 2, most)
    while high - low > max(1, slack * high):
        middle = (low + high) // 2
        low, high = (low, middle) if meets(middle) else (middle, high)
    return high


def largest(meets: Callable[[int], bool], most: int) -> int:
    """The largest number from 1 to `most` that meets, where every smaller one does too; 0 if none does."""
    beyond = smallest(lambda number: not meets(number), most)
    return most if beyond is None else beyond - 1

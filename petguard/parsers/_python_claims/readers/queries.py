"""Noisy answers of PyDP, SmartNoise SQL, diffprivlib's models and PrivacyGo's unknown domain."""

import ast

from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument


def _pydp_bounded(reading: Reading) -> None:
    """One person is in `l0` partitions with `linf` entries in each, so the sum changes by that many entries."""
    entries = [_whole(reading, name) for name in ("l0_sensitivity", "linf_sensitivity")]
    if entries[0] is None or entries[1] is None:
        unknown = next(each for each in ("l0_sensitivity", "linf_sensitivity") if _whole(reading, each) is None)
        reading.leave("contributions", reading.given(unknown) or reading.call)
        return
    contributions = entries[0] * entries[1]
    reading.values["contributions"] = contributions
    most = _furthest(reading)
    if most is not None:
        reading.values["sensitivity"] = contributions * most
    reading.data += _entries(reading)


def _whole(reading: Reading, name: str) -> int | None:
    given = reading.given(name)
    value = 1 if given is None else reading.whole(given)
    return value if value is not None and value > 0 else None


def _furthest(reading: Reading) -> float | None:
    """What one entry changes the answer by at most: one for a count, the bound that is furthest from zero for a sum."""
    name = reading.ground.callee(reading.call)
    if name == "Count":
        return 1
    bounds = [reading.number(reading.given(each)) for each in ("lower_bound", "upper_bound")]
    numbers = [abs(each) for each in bounds if each is not None]
    return max(numbers) or None if name == "BoundedSum" and len(numbers) == 2 else None


def _entries(reading: Reading) -> list[ast.expr]:
    """What the algorithm is run over."""
    released = reading.ground.called("quick_result", "add_entries")
    own = [call for call in released if reading.ground.is_method_of(call, reading.call)]
    return [call.args[0] for call in own if call.args]


def _fitted(reading: Reading) -> None:
    """What a model is fitted to, directly or under a name."""
    fits = [call for call in reading.ground.called("fit", "fit_transform") if call.args]
    reading.data += [call.args[0] for call in fits if reading.ground.is_method_of(call, reading.call)]


def _smartnoise(reading: Reading) -> None:
    """The connection that is given these parameters says which data it answers about."""
    for call in reading.ground.called("from_connection", "from_df", "from_spark"):
        given = argument(call, ["privacy"])
        if given is not None and (given is reading.call or reading.call in reading.ground.module.bindings(given)):
            reading.data += [each for each in [argument(call, ["df", "conn"], 0)] if each is not None]


def _unknown_domain(reading: Reading) -> None:
    """The scale is 1/epsilon, as PrivacyGo's own demonstration computes it."""
    given = reading.given("b")
    reading.take("scale", given)
    sources = [each for each in (given, *(reading.ground.sources(given) if given is not None else ())) if each]
    for each in sources:
        if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Div):
            reading.take("epsilon", each.right)


READERS = {
    "pydp_bounded": _pydp_bounded,
    "fitted": _fitted,
    "smartnoise": _smartnoise,
    "unknown_domain": _unknown_domain,
}

"""Budgets that a session, a context or an accountant holds for many releases: OpenDP, Tumult, PipelineDP."""

import ast
from collections.abc import Sequence

from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument
from petguard.parsers._python_syntax import last_name

_SEARCHES = frozenset({"binary_search_chain", "binary_search_param"})
_ZERO_CONCENTRATED = "states zero-concentrated privacy, from which epsilon follows only for a delta"


def _made(reading: Reading, given: ast.expr | None, *names: str) -> ast.Call | None:
    """The call of one of these functions that an argument is, directly or under a name."""
    if given is None:
        return None
    ways = [each for each in (given, reading.ground.module.binding(given)) if isinstance(each, ast.Call)]
    return next((call for call in ways if last_name(call.func) in names), None)


def _opendp_context(reading: Reading) -> None:
    """What may be lost in all, and by how much one person may change the data."""
    given = reading.given("privacy_loss")
    loss = _made(reading, given, "loss_of")
    if loss is not None:
        reading.take("epsilon", argument(loss, ["epsilon"], 0))
        reading.take("delta", argument(loss, ["delta"], 1))
        _concentrated(reading, argument(loss, ["rho"], 2))
    elif given is not None:
        reading.leave("epsilon", given, "is not a call of loss_of")
    unit = _made(reading, reading.given("privacy_unit"), "unit_of")
    if unit is None:
        return
    for name, neighbours in (("contributions", "add_remove"), ("changes", "replace")):
        if argument(unit, [name]) is not None:
            reading.take("contributions", argument(unit, [name]))
            reading.values["neighbours"] = neighbours
    if argument(unit, ["identifier"]) is not None:
        reading.values["unit"] = "user"


def _opendp_noise(reading: Reading) -> None:
    """Noise whose scale OpenDP searches for: the smallest that still gives the loss `d_out`."""
    for around in reading.ground.around(reading.call):
        if isinstance(around, ast.Call) and reading.ground.callee(around) in _SEARCHES:
            reading.unresolved.pop("scale", None)
            reading.take("epsilon", argument(around, ["d_out"], 2))
            return


def _concentrated(reading: Reading, rho: ast.expr | None) -> None:
    if rho is not None:
        reading.leave("epsilon", rho, _ZERO_CONCENTRATED)


def _tumult_session(reading: Reading) -> None:
    _tumult_budget(reading, reading.given("privacy_budget"))
    _tumult_source(reading, [reading.given("source_id")], reading.given("protected_change"))


def _tumult_builder(reading: Reading) -> None:
    """A builder is told the budget and each private data frame in one chain of calls, in any order."""
    _tumult_budget(reading, reading.given("privacy_budget"))
    chain = _chain(reading)
    frames = [call for call in chain if last_name(call.func) == "with_private_dataframe"]
    reading.data += [frame for call in frames if (frame := argument(call, ["dataframe"], 1)) is not None]
    changes = [change for call in frames if (change := argument(call, ["protected_change"], 2)) is not None]
    names = [argument(call, ["source_id"], 0) for call in frames]
    _tumult_source(reading, names, changes[0] if len(changes) == 1 else None)


def _chain(reading: Reading) -> list[ast.Call]:
    """The calls before and after this one in `Session.Builder().a(...).b(...)`, or on the same builder's name."""
    around = [each for each in reading.ground.around(reading.call) if isinstance(each, ast.expr)]
    top = around[-1] if around else reading.call
    found = [node for node in ast.walk(top) if isinstance(node, ast.Call)]
    receiver = reading.call.func.value if isinstance(reading.call.func, ast.Attribute) else None
    if not isinstance(receiver, ast.Name):
        return found
    others = reading.ground.called("with_private_dataframe")
    return found + [call for call in others if call not in found and _on(call, receiver.id)]


def _on(call: ast.Call, name: str) -> bool:
    return isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == name


def _tumult_budget(reading: Reading, given: ast.expr | None) -> None:
    budget = _made(reading, given, "PureDPBudget", "ApproxDPBudget", "RhoZCDPBudget")
    if budget is None:
        if given is not None:
            reading.leave("epsilon", given, "is not a budget that this file makes")
        return
    if last_name(budget.func) == "RhoZCDPBudget":
        _concentrated(reading, argument(budget, ["rho"], 0))
        return
    reading.take("epsilon", argument(budget, ["epsilon"], 0))
    reading.take("delta", argument(budget, ["delta"], 1))


def _tumult_source(reading: Reading, names: Sequence[ast.expr | None], change: ast.expr | None) -> None:
    """The name of the private table, and how many of its rows are one person's."""
    texts = [reading.value(name) for name in names if name is not None]
    reading.named += [text for text in texts if isinstance(text, str) and text]
    if len(reading.named) == 1:
        reading.values["data"] = reading.named[0]
    protected = _made(reading, change, "AddOneRow", "AddMaxRows", "AddRowsWithID")
    if protected is None:
        return
    reading.values["neighbours"] = "add_remove"
    kind = last_name(protected.func)
    if kind == "AddOneRow":
        reading.values["contributions"] = 1
    elif kind == "AddMaxRows":
        reading.take("contributions", argument(protected, ["max_rows"], 0))
    else:
        reading.values["unit"] = "user"


_AGGREGATIONS = (
    "AggregateParams",
    "CountParams",
    "PrivacyIdCountParams",
    "SumParams",
    "MeanParams",
    "VarianceParams",
    "SelectPartitionsParams",
)


def _pipelinedp_accountant(reading: Reading) -> None:
    """The budget protects a person, whose rows the one aggregation of the file bounds."""
    reading.values["unit"] = "user"
    aggregations = reading.ground.called(*_AGGREGATIONS)
    if len(aggregations) == 1:
        _bounds(reading, aggregations[0])
    engines = reading.ground.called("aggregate", "from_rows", "make_private", "select_partitions")
    reading.data += [call.args[0] for call in engines if call.args]


def _bounds(reading: Reading, params: ast.Call) -> None:
    names = ("max_partitions_contributed", "max_contributions_per_partition")
    partitions, entries = (reading.whole(argument(params, [name])) for name in names)
    if partitions and entries:
        reading.values["contributions"] = partitions * entries


def _pipelinedp_aggregation(reading: Reading) -> None:
    """An aggregation whose accountant stands in another file: the kind of noise, and the rows of one person."""
    reading.values["unit"] = "user"
    reading.unresolved["epsilon"] = "an accountant that this file does not make sets it"
    kind = reading.given("noise_kind")
    noise = last_name(kind).lower() if kind is not None else "laplace"
    if noise in {"laplace", "gaussian"}:
        reading.values["mechanism"] = noise
    _bounds(reading, reading.call)


READERS = {
    "opendp_context": _opendp_context,
    "opendp_noise": _opendp_noise,
    "tumult_session": _tumult_session,
    "tumult_builder": _tumult_builder,
    "pipelinedp_accountant": _pipelinedp_accountant,
    "pipelinedp_aggregation": _pipelinedp_aggregation,
}

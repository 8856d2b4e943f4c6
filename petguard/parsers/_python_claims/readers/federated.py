"""Flower: how many rounds there are, and what its local noise is made for."""

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument


def _flower(reading: Reading) -> None:
    """The one number of rounds that the server's configuration of this file gives."""
    told = [
        given
        for call, place in [(call, 0) for call in reading.ground.called("ServerConfig")]
        + [(call, None) for call in reading.ground.called("start")]
        if (given := argument(call, ["num_rounds"], place)) is not None
    ]
    if len(told) == 1:
        reading.take("rounds", told[0])


def _flower_local(reading: Reading) -> None:
    """The noise is made for `sensitivity`, and one client changes the sum by its clipped update."""
    clip, made_for = (reading.number(reading.given(name)) for name in ("clipping_norm", "sensitivity"))
    if clip is not None and made_for is not None and made_for < clip:
        detail = f"the noise is made for a sensitivity of {made_for}, and an update is clipped to {clip} only"
        reading.dangers.append(_danger(reading, Hazard.SENSITIVITY_TOO_SMALL, detail))
    rounds = [argument(call, ["num_rounds"], 0) for call in reading.ground.called("ServerConfig")]
    if [reading.value(each) for each in rounds] != [1]:
        detail = "the noise is added in every round, and epsilon is counted for one"
        reading.dangers.append(_danger(reading, Hazard.EPSILON_IN_LOOP, detail))


def _danger(reading: Reading, hazard: Hazard, detail: str) -> Danger:
    return Danger(hazard=hazard, location=reading.ground.at(reading.call), detail=detail)


READERS = {"flower": _flower, "flower_local": _flower_local}

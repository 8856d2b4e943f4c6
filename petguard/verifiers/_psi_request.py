"""Requests of OpenMined PSI as they are sent: what the sender says it will learn, without any library.

A request is a protocol buffer of a flag, `reveal_intersection`, and one curve point for each element.
"""

from petguard.artefacts import Undecided
from petguard.model import Reason

_MOST = 5_000_000  # elements of one request
_FLAG, _ELEMENT = 0x08, 0x12  # keys of field 1, a number, and field 2, bytes


def reveals_intersection(name: str, raw: bytes) -> bool:
    """Whether the request asks for the intersection and not only for its size; Undecided (gap) for anything else."""
    flag, elements, at = False, 0, 0
    while at < len(raw):
        key, value, at = raw[at], *_number(name, raw, at + 1)
        if key == _FLAG and value in (0, 1) and elements == 0:
            flag = value == 1
        elif key == _ELEMENT and 0 < value <= len(raw) - at and elements < _MOST:
            elements, at = elements + 1, at + value
        else:
            raise _strange(name)
    if not elements:
        raise _strange(name)
    return flag


def _number(name: str, raw: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    value = 0
    for index, byte in enumerate(raw[at : at + 5]):
        value |= (byte & 127) << (7 * index)
        if byte < 128:
            return value, at + index + 1
    raise _strange(name)


def _strange(name: str) -> Undecided:
    return Undecided(Reason.GAP, f"{name} is no request of OpenMined PSI, or is cut off")

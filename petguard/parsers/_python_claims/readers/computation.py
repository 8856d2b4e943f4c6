"""Computing together: protocols that are named by members of enumerations, and settings that are assigned."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers import _spu
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_syntax import last_name

_FIRST_PARTY = (
    "the provider TFP, CrypTen's default, lets the first party make all triples, so it can compute every secret"
)
_SOCKET = "NetScheme.SOCKET is a plain connection, so whoever is on the way reads what the parties send"


def _danger(reading: Reading, hazard: Hazard, node: ast.expr, detail: str) -> None:
    reading.dangers.append(Danger(hazard=hazard, location=reading.ground.at(node), detail=detail))


def _assigned(reading: Reading, *path: str) -> list[ast.expr]:
    """What is assigned in this file to an attribute whose last names are these: `cfg.mpc.provider = value`."""
    assignments = (node for node in reading.ground.nodes if isinstance(node, ast.Assign))
    return [node.value for node in assignments if any(_ends(target, path) for target in node.targets)]


def _ends(node: ast.AST, path: tuple[str, ...]) -> bool:
    for name in reversed(path):
        if not isinstance(node, ast.Attribute) or node.attr != name:
            return isinstance(node, ast.Name) and node.id == name and name == path[0]
        node = node.value
    return True


def _mpyc(reading: Reading) -> None:
    for field, path in (("threshold", ("mpc", "threshold")), ("statistical_security", ("options", "sec_param"))):
        values = _assigned(reading, *path)
        if len(values) == 1:
            reading.take(field, values[0])
        elif values:
            reading.leave(field, values[0], "is one of several values")


def _crypten(reading: Reading) -> None:
    """The provider of the triples: assigned, in a configuration file, or the default."""
    values = _assigned(reading, "mpc", "provider")
    file = reading.given("config_file") or next(iter(_first_of(reading, "load_config")), None)
    if len(values) == 1:
        reading.take("protocol", values[0])
    elif values:
        reading.leave("protocol", values[0], "is one of several providers")
    elif file is not None:
        reading.leave("protocol", file, "holds the configuration")
    else:
        reading.values["protocol"] = "TFP"
    if reading.values.get("protocol") == "TFP":
        _danger(reading, Hazard.MOCK_CRYPTO, values[0] if values else reading.call, _FIRST_PARTY)


def _first_of(reading: Reading, name: str) -> Iterator[ast.expr]:
    return (call.args[0] for call in reading.ground.called(name) if call.args)


def _member(reading: Reading, node: ast.expr | None) -> str | None:
    """A text, or the last name of a member such as `spu.ProtocolKind.ABY3`."""
    if node is None:
        return None
    value = reading.value(node)
    meant = reading.ground.module.binding(node) or node
    return value if isinstance(value, str) else last_name(meant) or None


def _of_spu(reading: Reading, given: dict[str, ast.expr]) -> None:
    protocol = _member(reading, given.get("protocol"))
    if protocol not in _spu.PROTOCOLS:
        reading.leave("protocol", given.get("protocol", reading.call), "is no protocol of SPU")
        return
    beaver, ring = _member(reading, given.get("beaver_type")), _member(reading, given.get("field"))
    reading.values.update(_spu.stated(protocol, beaver, ring))
    mock = _spu.MOCKS.get(str(reading.values["protocol"]))
    if mock:
        _danger(reading, Hazard.MOCK_CRYPTO, given["protocol"], mock)
    for name in _spu.TRACES:
        if name in given and reading.value(given[name]) not in (False, None, ""):
            _danger(reading, Hazard.SECRETS_TRACED, given[name], f"{name} is for debugging only")


def _spu_config(reading: Reading) -> None:
    names = ("protocol", "field", "beaver_type", *_spu.TRACES)
    given = {name: node for name in names if (node := reading.given(name)) is not None}
    _of_spu(reading, given)


def _cluster_def(reading: Reading) -> None:
    """A dictionary that is written down, with texts as keys."""
    node = reading.given("runtime_config")
    table = node if isinstance(node, ast.Dict) else reading.ground.module.binding(node) if node is not None else None
    if not isinstance(table, ast.Dict):
        reading.leave("protocol", node or reading.call, "is not written down here")
        return
    pairs = zip(table.keys, table.values, strict=True)
    _of_spu(reading, {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)})
    parties = reading.given("parties")
    if isinstance(parties, ast.List | ast.Tuple) and not any(isinstance(each, ast.Starred) for each in parties.elts):
        reading.values["parties"] = len(parties.elts)


def _openmined_psi(reading: Reading) -> None:
    node = reading.given("reveal_intersection")
    if node is None:
        return
    value = reading.value(node)
    if not isinstance(value, bool):
        reading.leave("scheme", node)
        return
    reading.values["scheme"] = f"ecdh {'intersection' if value else 'cardinality'}"
    if not value:
        detail = (
            "the exact size of the intersection is revealed without noise; run again and again it tells who is in it"
        )
        _danger(reading, Hazard.EXACT_CARDINALITY, node, detail)


def _petace(reading: Reading) -> None:
    node = reading.given("psi_scheme") or reading.given("pjc_scheme")
    name = _member(reading, node)
    if node is not None and name is not None:
        reading.values["scheme"] = name.lower().removesuffix("_psi")
    for each in reading.ground.nodes:
        if isinstance(each, ast.Attribute) and each.attr == "SOCKET" and last_name(each.value) == "NetScheme":
            _danger(reading, Hazard.PLAIN_CHANNEL, each, _SOCKET)
            break


def _shamir_split(reading: Reading) -> None:
    """Of n shares any k are enough, so k - 1 tell nothing."""
    node = reading.given("k")
    enough = reading.whole(node)
    if node is None or enough is None:
        reading.leave("threshold", node or reading.call)
    elif enough <= 1:
        _danger(reading, Hazard.MOCK_CRYPTO, node, "one share is enough to know the secret")
    else:
        reading.values["threshold"] = enough - 1


READERS = {
    "mpyc": _mpyc,
    "crypten": _crypten,
    "spu": _spu_config,
    "cluster_def": _cluster_def,
    "openmined_psi": _openmined_psi,
    "petace": _petace,
    "shamir_split": _shamir_split,
}

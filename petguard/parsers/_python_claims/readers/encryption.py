"""Homomorphic encryption: parameters that come as lists, members of enumerations, mappings, or setters of an object."""

import ast
from collections.abc import Iterator

from petguard import he_standard
from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers import _he_levels
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument
from petguard.parsers._python_syntax import last_name

_SCHEMES = frozenset({"ckks", "bfv", "bgv"})
_LONGEST = 1000  # bits of one prime; the libraries take 60
_MOST = 100  # primes of one modulus
_DEEPEST = 6  # sums and names in one list
_MAPPED = "arguments come in a mapping or a row, which may change sampling and noise"


def _given(reading: Reading, name: str) -> ast.expr | None:
    """An argument, also where it stands in a dictionary that is written down once and given as `**parameters`."""
    direct = reading.given(name)
    if direct is not None:
        return direct
    tables = [table for keyword in reading.call.keywords if keyword.arg is None for table in _tables(reading, keyword)]
    pairs = (pair for table in tables for pair in zip(table.keys, table.values, strict=True))
    return next((value for key, value in pairs if isinstance(key, ast.Constant) and key.value == name), None)


def _tables(reading: Reading, keyword: ast.keyword) -> Iterator[ast.Dict]:
    made = keyword.value if isinstance(keyword.value, ast.Dict) else reading.ground.module.binding(keyword.value)
    if isinstance(made, ast.Dict) and None not in made.keys:
        yield made


def _sizes(reading: Reading, node: ast.expr | None) -> None:
    """A list of lengths in bits."""
    if node is None:
        return
    sizes = _lengths(reading, node)
    if sizes is None or not all(0 < each <= _LONGEST for each in sizes):
        reading.leave("coeff_mod_bit_sizes", node)
    elif sizes:
        reading.values["coeff_mod_bit_sizes"] = tuple(sizes)


def _lengths(reading: Reading, node: ast.expr, depth: int = 0) -> list[int] | None:
    """`[60] + [30] * 3 + [60]`, also by name; None for anything else."""
    node = reading.meant(node)
    if isinstance(node, ast.Name):
        bound = reading.ground.module.binding(node)
        return _lengths(reading, bound, depth + 1) if bound is not None and depth < _DEEPEST else None
    if isinstance(node, ast.List | ast.Tuple):
        whole = [reading.whole(each) for each in node.elts]
        return [each for each in whole if each is not None] if None not in whole else None
    if not isinstance(node, ast.BinOp) or depth > _DEEPEST:
        return None
    left = _lengths(reading, node.left, depth + 1)
    if isinstance(node.op, ast.Mult):
        times = reading.whole(node.right)
        few = left is not None and times is not None and 0 <= times * len(left) <= _MOST
        return left * times if few and left is not None and times is not None else None
    right = _lengths(reading, node.right, depth + 1) if isinstance(node.op, ast.Add) else None
    return left + right if left is not None and right is not None else None


def _scheme(reading: Reading, node: ast.expr | None) -> None:
    """A text, or the last name of a member: `ts.SCHEME_TYPE.CKKS`."""
    if node is None:
        return
    value = reading.value(node)
    name = value if isinstance(value, str) else last_name(node)
    if name.lower() in _SCHEMES:
        reading.values["scheme"] = name.lower()
    else:
        reading.leave("scheme", node)


def _default_modulus(reading: Reading) -> None:
    """SEAL's own modulus for BFV and BGV: the longest that the standard allows for the ring."""
    degree, bits = reading.values.get("poly_modulus_degree"), reading.values.get("bits", 128)
    stated = reading.values.get("coeff_mod_bit_sizes") or "coeff_mod_bit_sizes" in reading.unresolved
    if not stated and isinstance(degree, int) and isinstance(bits, int) and degree in he_standard.DEGREES:
        most = he_standard.limit(degree, bits)
        if most:
            reading.values["log_q"] = float(most)


def _unchecked(reading: Reading, node: ast.expr) -> None:
    place = reading.ground.at(node)
    reading.dangers.append(Danger(hazard=Hazard.SECURITY_CHECK_OFF, location=place, detail=_he_levels.UNCHECKED))


def _tenseal(reading: Reading) -> None:
    """TenSEAL refuses parameters outside of the table at 128 bits, and has a modulus of its own for BFV."""
    _scheme(reading, reading.given("scheme"))
    _sizes(reading, reading.given("coeff_mod_bit_sizes"))
    if reading.values.get("scheme") == "bfv":
        _default_modulus(reading)


def _pyfhel(reading: Reading) -> None:
    for name, field in (("n", "poly_modulus_degree"), ("sec", "bits")):
        node = _given(reading, name)
        if node is not None and name == "sec" and reading.value(node) == 0:
            reading.values.pop("bits", None)
            _unchecked(reading, node)
            break
        reading.take(field, node)
    else:
        if "bits" not in reading.unresolved:
            reading.values.setdefault("bits", 128)
    _scheme(reading, _given(reading, "scheme"))
    _sizes(reading, _given(reading, "qi_sizes"))
    primes = _given(reading, "qi")
    if primes is not None:
        reading.leave("coeff_mod_bit_sizes", primes, "gives the primes themselves")
    if reading.values.get("scheme") in {"bfv", "bgv"}:
        _default_modulus(reading)
    mapped = [keyword for keyword in reading.call.keywords if keyword.arg is None]
    if mapped and all(list(_tables(reading, keyword)) for keyword in mapped):
        reading.doubts[:] = [each for each in reading.doubts if each != _MAPPED]


def _setters(reading: Reading) -> dict[str, ast.expr]:
    """The first argument of each setter that is called on the object, by its name; the last call counts."""
    found: dict[str, ast.expr] = {}
    for call in reading.ground.calls:
        name = last_name(call.func)
        if name.lower().startswith("set") and call.args and reading.ground.is_method_of(call, reading.call):
            found[name] = call.args[0]
    return found


def _openfhe(reading: Reading) -> None:
    scheme = last_name(reading.call.func).removeprefix("CCParams").removesuffix("RNS").lower()
    reading.values["scheme"] = scheme
    given = {name.removeprefix("Set"): node for name, node in _setters(reading).items()}
    texts = {name: ast.unparse(reading.ground.module.binding(node) or node) for name, node in given.items()}
    stated = _he_levels.openfhe(scheme, {name: reading.whole(node) for name, node in given.items()}, texts)
    reading.values.update(stated.values)
    reading.unresolved.update(stated.unresolved)
    if stated.unchecked:
        _unchecked(reading, given["SecurityLevel"])


def _seal(reading: Reading) -> None:
    """The Python bindings of SEAL: parameters set one by one, and a context that checks them unless told not to."""
    _scheme(reading, reading.given("scheme"))
    given = _setters(reading)
    reading.take("poly_modulus_degree", given.get("set_poly_modulus_degree"))
    levels = _levels(reading)
    if "none" in levels:
        _unchecked(reading, levels["none"])
    elif not levels:
        reading.values["bits"] = 128
    elif len(levels) == 1:
        reading.values["bits"] = int(next(iter(levels)).removeprefix("tc"))
    modulus = given.get("set_coeff_modulus")
    if not isinstance(modulus, ast.Call):
        return
    if last_name(modulus.func) == "Create":
        _sizes(reading, argument(modulus, ["bit_sizes"], 1))
    elif last_name(modulus.func) == "BFVDefault":
        _default_modulus(reading)


def _levels(reading: Reading) -> dict[str, ast.expr]:
    """The members of `sec_level_type` that stand in the function."""
    function = reading.ground.function(reading.call)
    members = (node for node in ast.walk(function) if isinstance(node, ast.Attribute))
    return {node.attr: node for node in members if last_name(node.value) == "sec_level_type"}


def _concrete(reading: Reading) -> None:
    reading.unresolved["poly_modulus_degree"] = "Concrete chooses its parameters when it compiles"


_PAILLIER = frozenset({"zpaillier", "fpaillier", "gpaillier", "ipcl", "paillier"})


def _heu(reading: Reading) -> None:
    """HEU's schemas: several of Paillier, others, and a mock that encrypts nothing."""
    node = reading.given("schema_type")
    if node is None:
        return
    value = reading.value(node)
    name = (value if isinstance(value, str) else last_name(node)).lower()
    if name == "mock":
        place, detail = reading.ground.at(node), "the schema Mock of HEU encrypts nothing"
        reading.dangers.append(Danger(hazard=Hazard.MOCK_CRYPTO, location=place, detail=detail))
    elif name in _PAILLIER:
        reading.values["scheme"] = "paillier"
    else:
        reading.leave("scheme", node, "is no scheme whose security is known here")


READERS = {
    "tenseal": _tenseal,
    "pyfhel": _pyfhel,
    "openfhe": _openfhe,
    "seal": _seal,
    "concrete": _concrete,
    "heu": _heu,
}

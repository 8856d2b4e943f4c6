"""Parameters of homomorphic encryption in Python: what each library's call states, and what it leaves open."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from petguard.hazards import Hazard
from petguard.model import Claim, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.python import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_TS = "import tenseal as ts\n"
_PYFHEL = "from Pyfhel import Pyfhel\nhe = Pyfhel()\n"
_OPENFHE = "from openfhe import *\np = CCParamsCKKSRNS()\n"
_SEAL = "from seal import *\np = EncryptionParameters(scheme_type.ckks)\np.set_poly_modulus_degree(8192)\n"
_HEU = "from heu import phe\n"

# Code, and the fields that must be read from it (None: nothing may be said about it).
_CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "a CKKS context of TenSEAL": (
        _TS + "ts.context(ts.SCHEME_TYPE.CKKS, 8192, coeff_mod_bit_sizes=[60, 40, 40, 60])",
        {"scheme": "ckks", "poly_modulus_degree": 8192, "coeff_mod_bit_sizes": (60, 40, 40, 60), "bits": 128},
    ),
    "by position, with names": (
        _TS + "N = 2**13\nSIZES = [60] + [40] * 2 + [60]\nts.context(ts.SCHEME_TYPE.CKKS, N, -1, SIZES)",
        {"poly_modulus_degree": 8192, "coeff_mod_bit_sizes": (60, 40, 40, 60)},
    ),
    "a BFV context with the default modulus": (
        _TS + "ts.context(ts.SCHEME_TYPE.BFV, 8192, 1032193)",
        {"scheme": "bfv", "log_q": 218.0, "coeff_mod_bit_sizes": ()},
    ),
    "sizes that are not known": (
        _TS + "ts.context(ts.SCHEME_TYPE.BFV, n, 1032193, coeff_mod_bit_sizes=sizes)",
        {"poly_modulus_degree": None, "coeff_mod_bit_sizes": (), "log_q": None},
    ),
    "a list that would fill the memory": (
        _TS + "ts.context(ts.SCHEME_TYPE.CKKS, 8192, 0, [60] * 100 * 100 * 100)",
        {"coeff_mod_bit_sizes": ()},
    ),
    "a context of Pyfhel from a dictionary": (
        _PYFHEL + "q = {'scheme': 'CKKS', 'n': 2**14, 'qi_sizes': [60, 30, 60]}\nhe.contextGen(**q)",
        {"scheme": "ckks", "poly_modulus_degree": 16384, "coeff_mod_bit_sizes": (60, 30, 60), "bits": 128},
    ),
    "Pyfhel at another level": (
        _PYFHEL + "he.contextGen(scheme='bfv', n=2**13, t_bits=20, sec=192)",
        {"bits": 192, "log_q": 152.0},
    ),
    "OpenFHE by setters": (
        _OPENFHE + "p.SetRingDim(1 << 10)\np.SetScalingModSize(59)\np.SetFirstModSize(60)\np.SetMultiplicativeDepth(6)",
        {"scheme": "ckks", "poly_modulus_degree": 1024, "log_q_at_least": 414.0, "bits": 128, "log_q": None},
    ),
    "OpenFHE with a sparse secret": (
        _OPENFHE + "p.SetSecretKeyDist(SecretKeyDist.SPARSE_TERNARY)\np.SetSecurityLevel(HEStd_192_classic)",
        {"secret": "sparse_ternary", "bits": 192, "poly_modulus_degree": None},
    ),
    "SEAL by its Python bindings": (
        _SEAL + "p.set_coeff_modulus(CoeffModulus.Create(8192, [60, 40, 60]))",
        {"scheme": "ckks", "coeff_mod_bit_sizes": (60, 40, 60), "bits": 128},
    ),
    "a key of python-paillier": (
        "from phe import paillier\npaillier.generate_paillier_keypair(n_length=1024)",
        {"scheme": "paillier", "modulus_bits": 1024, "bits": None},
    ),
    "the default of python-paillier": ("import phe\nphe.generate_paillier_keypair()", {"modulus_bits": 3072}),
    "Paillier of HEU": (
        _HEU + "phe.setup(phe.SchemaType.ZPaillier, 1024)",
        {"scheme": "paillier", "modulus_bits": 1024},
    ),
    "another scheme of HEU": (_HEU + "phe.setup(phe.SchemaType.OU, 2048)", {"scheme": None}),
    "Concrete": ("from concrete import fhe\nfhe.Configuration()", {"bits": 128, "poly_modulus_degree": None}),
}


def _one(read: Read, code: str) -> Claim:
    facts, gaps = read(PARSER, {"main.py": code})
    assert gaps == []
    (claim,) = facts.claims
    return claim


@pytest.mark.parametrize(("code", "fields"), _CASES.values(), ids=_CASES)
def test_each_library_states_its_parameters(read: Read, code: str, fields: dict[str, Any]) -> None:
    """What stands in the call is read; what is no constant is left open."""
    claim = _one(read, code)
    assert claim.technique == "homomorphic_encryption"
    assert {name: getattr(claim.statement, name) for name in fields} == fields
    assert claim.doubts == ()


_DANGERS = {
    "Pyfhel at level 0": (
        _PYFHEL + "he.contextGen('ckks', 2**13, sec=0, qi_sizes=[60, 60])",
        Hazard.SECURITY_CHECK_OFF,
    ),
    "OpenFHE unset": (_OPENFHE + "p.SetSecurityLevel(SecurityLevel.HEStd_NotSet)", Hazard.SECURITY_CHECK_OFF),
    "SEAL without a level": (_SEAL + "SEALContext(p, True, sec_level_type.none)", Hazard.SECURITY_CHECK_OFF),
    "Concrete's key cache": (
        "from concrete import fhe\nfhe.Configuration(enable_unsafe_features=True, use_insecure_key_cache=True)",
        Hazard.SECURITY_CHECK_OFF,
    ),
    "HEU's mock": (_HEU + "phe.setup(phe.SchemaType.Mock, 2048)", Hazard.MOCK_CRYPTO),
}


@pytest.mark.parametrize(("code", "hazard"), _DANGERS.values(), ids=_DANGERS)
def test_switched_off_checks_and_mocks_are_hazards(read: Read, code: str, hazard: Hazard) -> None:
    """A check that is off states no level; a mock protects nothing."""
    claim = _one(read, code)
    assert [each.hazard for each in claim.dangers] == [hazard]
    assert hazard is Hazard.MOCK_CRYPTO or claim.dangers[0].detail


@pytest.mark.parametrize(
    "code",
    [
        "def CCParamsCKKSRNS(): ...\nfrom openfhe import *\nCCParamsCKKSRNS()",
        "from other import *\nimport openfhe\nCCParamsCKKSRNS()",
        "import tenseal as ts\nts.context_from(data)",
        "import tenseal as ts\nts.context()",
    ],
)
def test_other_calls_state_nothing(read: Read, code: str) -> None:
    """A function of this file, one of another module, and one that only reads a context."""
    facts, _ = read(PARSER, {"main.py": code})
    assert facts.claims == ()

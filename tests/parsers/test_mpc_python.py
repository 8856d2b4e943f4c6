"""MPC, secret sharing, intersection and aggregation in Python: what each library's call states."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from petguard.hazards import Hazard
from petguard.model import Claim, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.python import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_MPYC = "from mpyc.runtime import mpc\n"
_SPU = "import spu\n"
_FLOWER = "from flwr.server.workflow import SecAggPlusWorkflow, SecAggWorkflow\n"
_SHAMIR = "from Crypto.Protocol.SecretSharing import Shamir\n"
_MOCK = [Hazard.MOCK_CRYPTO]

# Code, the technique of its one claim, fields that must be read (None: nothing may be said), and its hazards.
_CASES: dict[str, tuple[str, str, dict[str, Any], list[Hazard]]] = {
    "MPyC": (_MPYC + "mpc.run(mpc.start())", "mpc", {"framework": "MPyC", "protocol": "shamir", "threshold": None}, []),
    "MPyC with settings": (
        _MPYC + "mpc.threshold = 2\nmpc.options.sec_param = 40\nmpc.run(mpc.start())",
        "mpc",
        {"threshold": 2, "statistical_security": 40},
        [],
    ),
    "MPyC with two thresholds": (
        _MPYC + "mpc.threshold = 2\nmpc.threshold = 3\nmpc.run(mpc.start())",
        "mpc",
        {"threshold": None},
        [],
    ),
    "CrypTen by default": ("import crypten\ncrypten.init()", "mpc", {"protocol": "TFP"}, _MOCK),
    "CrypTen with a provider": (
        "import crypten\ncrypten.cfg.mpc.provider = 'TTP'\ncrypten.init()",
        "mpc",
        {"protocol": "TTP"},
        [],
    ),
    "CrypTen with a file": ("import crypten\ncrypten.init('c.yaml')", "mpc", {"protocol": None}, []),
    "SPU": (
        _SPU + "spu.RuntimeConfig(protocol=spu.ProtocolKind.ABY3, field=spu.FieldType.FM64)",
        "mpc",
        {"framework": "SPU", "protocol": "ABY3", "field_bits": 64},
        [],
    ),
    "SPU's reference backend": (
        _SPU + "spu.RuntimeConfig(spu.ProtocolKind.REF2K, spu.FieldType.FM64, enable_pphlo_trace=True)",
        "mpc",
        {"protocol": "REF2K"},
        [Hazard.MOCK_CRYPTO, Hazard.SECRETS_TRACED],
    ),
    "SPU's default triples": (
        _SPU + "spu.RuntimeConfig(spu.ProtocolKind.SEMI2K, spu.FieldType.FM64)",
        "mpc",
        {"protocol": "SEMI2K TrustedFirstParty"},
        _MOCK,
    ),
    "a protocol that is not known": (_SPU + "spu.RuntimeConfig(protocol=which())", "mpc", {"protocol": None}, []),
    "a cluster of SecretFlow": (
        "import secretflow as sf\nimport spu\n"
        "sf.utils.testing.cluster_def(['a', 'b'], {'protocol': spu.spu_pb2.CHEETAH, 'field': spu.spu_pb2.FM64})",
        "mpc",
        {"protocol": "CHEETAH", "parties": 2},
        [],
    ),
    "OpenMined PSI for the intersection": (
        "import private_set_intersection.python as psi\npsi.client.CreateWithNewKey(True)",
        "psi",
        {"scheme": "ecdh intersection", "result_to": "one"},
        [],
    ),
    "OpenMined PSI for the size": (
        "import private_set_intersection.python as psi\npsi.client.CreateWithNewKey(reveal_intersection=False)",
        "psi",
        {"scheme": "ecdh cardinality"},
        [Hazard.EXACT_CARDINALITY],
    ),
    "PETAce over a socket": (
        "from petace.setops import PSI, PSIScheme\nfrom petace.network import NetScheme, NetFactory\n"
        "net = NetFactory.get_instance().build(NetScheme.SOCKET, params)\nPSI(net, 0, PSIScheme.KKRT_PSI)",
        "psi",
        {"framework": "PETAce-SetOps", "scheme": "kkrt"},
        [Hazard.PLAIN_CHANNEL],
    ),
    "PETAce's virtual machine": (
        "from petace.duet import VM\nVM(net, 1)",
        "mpc",
        {"framework": "PETAce", "protocol": "duet", "parties": 2},
        [],
    ),
    "Shamir of PyCryptodome": (
        _SHAMIR + "Shamir.split(3, 5, key)",
        "secret_sharing",
        {"threshold": 2, "parties": 5},
        [],
    ),
    "a secret that each share gives away": (
        _SHAMIR + "Shamir.split(1, 5, key)",
        "secret_sharing",
        {"threshold": None},
        _MOCK,
    ),
    "SecAgg+ of Flower": (
        _FLOWER + "SecAggPlusWorkflow(5, 3, max_weight=200.0)",
        "secure_aggregation",
        {"num_shares": 5, "reconstruction_threshold": 3, "max_weight": 200.0, "modulus_range": 2**32},
        [],
    ),
    "SecAgg+ with parts": (
        _FLOWER + "SecAggPlusWorkflow(num_shares=0.5, reconstruction_threshold=0.6, max_weight=w)",
        "secure_aggregation",
        {"num_shares": 0.5, "reconstruction_threshold": 0.6, "max_weight": None},
        [],
    ),
    "SecAgg of Flower": (
        _FLOWER + "SecAggWorkflow(reconstruction_threshold=2)",
        "secure_aggregation",
        {"num_shares": 1.0, "reconstruction_threshold": 2},
        [],
    ),
}


def _one(read: Read, code: str) -> Claim:
    facts, gaps = read(PARSER, {"main.py": code})
    assert gaps == []
    (claim,) = facts.claims
    return claim


@pytest.mark.parametrize(("code", "technique", "fields", "hazards"), _CASES.values(), ids=_CASES)
def test_each_library_states_its_protocol(
    read: Read, code: str, technique: str, fields: dict[str, Any], hazards: list[Hazard]
) -> None:
    """What stands in the code is read; what is no constant is left open."""
    claim = _one(read, code)
    assert claim.technique == technique
    assert {name: getattr(claim.statement, name) for name in fields} == fields
    assert [each.hazard for each in claim.dangers] == hazards

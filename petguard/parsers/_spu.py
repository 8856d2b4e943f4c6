"""What a runtime configuration of SPU states, the same in JSON and in Python."""

from typing import Any

PROTOCOLS = frozenset({"REF2K", "SEMI2K", "ABY3", "CHEETAH", "SECURENN"})
MOCKS = {
    "REF2K": "REF2K computes on plain values and is there for debugging",
    "SEMI2K TrustedFirstParty": "the first party makes all multiplication triples, so it can compute every secret",
}
TRACES = (
    "enable_action_trace", "enable_hal_trace", "enable_pphlo_trace", "enable_processor_dump",
    "enable_runtime_snapshot", "snapshot_dump_dir",
)  # fmt: skip
_FIELDS = {"FM32": 32, "FM64": 64, "FM128": 128}
_FIRST_PARTY = "TrustedFirstParty"  # SPU's default


def stated(protocol: str, beaver: object, ring: object) -> dict[str, Any]:
    """The fields of the claim; for SEMI2K the maker of the triples is a part of the protocol's name."""
    if protocol == "SEMI2K":
        protocol = f"{protocol} {beaver if isinstance(beaver, str) and beaver else _FIRST_PARTY}"
    bits = _FIELDS.get(ring) if isinstance(ring, str) else None
    return {"framework": "SPU", "protocol": protocol[:1000], **({"field_bits": bits} if bits else {})}

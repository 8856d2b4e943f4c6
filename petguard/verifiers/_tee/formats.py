"""The table of the formats of attestation evidence; importing it needs `cryptography`, from the extra `tee`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from petguard.verifiers._tee import confidential_space, intel, nitro, nvidia, sev_snp
from petguard.verifiers._tee.evidence import Evidence, Material

FORMATS: Mapping[str, Callable[[bytes, Material], Evidence]] = MappingProxyType(
    {
        "confidential_space": confidential_space.opened,
        "nitro": nitro.opened,
        "nvidia": nvidia.opened,
        "sev_snp": sev_snp.opened,
        "sgx": intel.opened,
        "tdx": intel.opened,
    }
)

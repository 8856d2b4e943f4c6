"""The claim vocabulary: what a person or a library may state about a protection, one model per technique.

Numbers carry their range in the type, so a NaN, an infinity or a negative epsilon stops at the border. The same
models read claims from code, from a library's own config and from `claims:` in `petguard.yaml`.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10**15)]
Whole = Annotated[int, Field(ge=0, le=10**15)]
Name = Annotated[str, Field(min_length=1, max_length=1000)]
Names = tuple[Name, ...]
Mechanism = Literal["laplace", "gaussian", "discrete_laplace", "randomized_response"]


class Statement(BaseModel):
    """What every claim may say besides its technique's own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # The fields that state a guarantee; all others describe how it is reached.
    guarantees: ClassVar[frozenset[str]] = frozenset()

    technique: str
    subject: Name | None = None
    artefact: Name | None = None
    at: datetime | None = None


class DpStatement(Statement):
    """A claim of (epsilon, delta)-differential privacy.

    It protects one `unit`; a user has at most `contributions` examples (or rows) in the data. Two data sets are
    neighbours when one unit is added or removed, or when one is replaced by another. `data` names the data set that is
    released about, so that everything said about it can be composed; `probe` (`module:function`) is run by an audit.
    """

    guarantees = frozenset({"epsilon", "delta"})

    epsilon: Positive | None = None
    delta: Probability | None = None
    unit: Literal["example", "user"] | None = None
    contributions: Count | None = None
    neighbours: Literal["add_remove", "replace"] | None = None
    data: Name | None = None
    probe: Name | None = None


class LedgerStep(BaseModel):
    """One line of an accountant's history: `steps` steps with one noise multiplier and one sample rate."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    noise_multiplier: NonNegative
    sample_rate: Rate
    steps: Count


class DpSgd(DpStatement):
    """DP-SGD training: noise in units of the clipping norm, sampling of the batches, number of steps.

    `checkpoint` is an Opacus file, `ledger` the history that the accountant in it kept.
    """

    technique: Literal["dp_sgd"] = "dp_sgd"
    noise_multiplier: NonNegative | None = None
    batch_size: Count | None = None
    sample_rate: Rate | None = None
    dataset_size: Count | None = None
    epochs: Positive | None = None
    steps: Count | None = None
    sampling: Literal["poisson", "shuffle", "fixed_without_replacement"] | None = None
    checkpoint: Name | None = None
    ledger: tuple[LedgerStep, ...] = ()


class DpQuery(DpStatement):
    """One noisy answer, given `count` times: a mechanism, its noise and the sensitivity of the query.

    `sensitivity` is how far one contribution moves the answer (L1 norm for Laplace noise, L2 for Gaussian) when it is
    added or removed, or replaced where `neighbours` says so. `sigma` is a standard deviation; `p` is the chance of
    telling the truth; `rounding` is the multiple to which the answer is rounded after the noise was added.
    """

    technique: Literal["dp_query"] = "dp_query"
    mechanism: Mechanism | None = None
    scale: Positive | None = None
    sigma: Positive | None = None
    p: Rate | None = None
    sensitivity: Positive | None = None
    count: Count | None = None
    rounding: Positive | None = None
    implementation: Literal["numpy", "random", "torch", "opendp", "google", "diffprivlib"] | None = None


class Release(BaseModel):
    """One kind of release inside a composition, made `count` times.

    `scale` is Laplace's scale or the Gaussian's standard deviation, in the units of `sensitivity`; randomised response
    has `p`, the chance of telling the truth, instead. Gaussian noise may be added to a sample: `rate` is the chance
    that one unit is in it, drawn anew each time, of everybody alone (poisson) or to a fixed size (fixed).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mechanism: Mechanism
    scale: Positive | None = None
    p: Rate | None = None
    sensitivity: Positive = 1.0
    count: Count = 1
    rate: Rate = 1.0
    sampling: Literal["poisson", "fixed"] = "poisson"

    @model_validator(mode="after")
    def _has_its_noise(self) -> Self:
        wanted = "p" if self.mechanism == "randomized_response" else "scale"
        if getattr(self, wanted) is None:
            raise ValueError(f"a release by {self.mechanism} needs {wanted}")
        if self.rate < 1 and self.mechanism != "gaussian":
            raise ValueError("only Gaussian noise may have a rate")
        return self


class DpComposition(DpStatement):
    """Several releases about the same people."""

    technique: Literal["dp_composition"] = "dp_composition"
    releases: tuple[Release, ...] = ()


class LocalDp(DpStatement):
    """Noise added by each person before anything is sent, `rounds` times.

    - `gcms`: the hash of a value among `m`, kept with probability `p`, filled up with random others to a set of `s`
      (PrivacyGo, Pan 2024); `ocms` is the same with `p` 1/2. `order` says whether the set is sent in the order in which
      it was made, the true hash first, or shuffled (or sorted).
    - `randomized_response`: the true answer of `domain_size` possible ones with probability `p`, else another one.
    - `gaussian`: an update clipped to the L2 norm `clipping_norm` plus noise of standard deviation `sigma`. Without
      `sigma` it is the classic one for `sensitivity`, `round_epsilon` and `round_delta`, or epsilon and delta where
      those are not stated (Flower's LocalDpMod).
    - `unknown_domain`: a count of equal values plus Laplace noise of `scale`, released from `threshold` on (PrivacyGo).
    """

    technique: Literal["local_dp"] = "local_dp"
    protocol: Literal["gcms", "ocms", "randomized_response", "gaussian", "unknown_domain"] | None = None
    m: Count | None = None
    s: Count | None = None
    p: Rate | None = None
    order: Literal["as_made", "shuffled"] | None = None
    domain_size: Count | None = None
    clipping_norm: Positive | None = None
    sensitivity: Positive | None = None
    sigma: Positive | None = None
    scale: Positive | None = None
    threshold: Positive | None = None
    round_epsilon: Positive | None = None
    round_delta: Probability | None = None
    rounds: Count | None = None


class DpPsi(DpStatement):
    """Private set intersection whose cardinality is hidden by dummy keys (PrivacyGo's DPCA-PSI).

    Where no `dataset_size` is stated, the rows of `input_file` are counted, but for a header if `has_header` says so.
    """

    technique: Literal["dp_psi"] = "dp_psi"
    config: Name | None = None
    input_file: Name | None = None
    has_header: bool | None = None
    maximum_queries: Count | None = None
    ids_num: Count | None = None
    precomputed_tau: Whole | None = None
    use_precomputed_tau: bool | None = None
    input_dp: bool | None = None
    dataset_size: Count | None = None
    runs: Count | None = None


class MpcDualDp(DpStatement):
    """Binomial noise drawn inside an MPC (PrivacyGo's MPC-DualDP): `n` fair bits, added up, less n/2.

    `sensitivity` is how far one person moves the whole number that is released. Where `n` is not stated, `calibration`
    says that the library computes it from epsilon, delta and sensitivity.
    """

    technique: Literal["mpc_dual_dp"] = "mpc_dual_dp"
    sensitivity: Positive | None = None
    n: Count | None = None
    calibration: Literal["privacy_go"] | None = None


class FederatedDp(DpStatement):
    """User-level DP of a federated training run; a user is a client.

    - `gaussian`, also when no mechanism is stated: `noise_multiplier` is the standard deviation of the noise on the
      sum of the clipped updates, in units of the clip. Flower adds noise_multiplier * clip / clients_per_round to
      their mean, which is the same. Or it follows from `sigma`, the standard deviation of the noise on the
      `noise_on` of the updates, and `clipping_norm`, an L2 norm; or it is the classic one for `round_epsilon` and
      `round_delta` (FedML).
    - `laplace`: noise of `scale` on a sum that one client moves by `sensitivity`, in L1; FedML's scale is that for
      `round_epsilon` and `round_delta`.
    - `svt`: NVFlare's sparse vector filter, which each client applies to its own update. `selection_epsilon` pays for
      choosing ceil(`fraction` * `parameters`) of the weights, `release_epsilon` for releasing them; where the latter
      is not stated it is the number of weights times `noise_var`. `replace` draws the weights with replacement.
    """

    technique: Literal["federated_dp"] = "federated_dp"
    mechanism: Literal["gaussian", "laplace", "svt"] | None = None
    noise_multiplier: NonNegative | None = None
    clients_per_round: Count | None = None
    clients_total: Count | None = None
    rounds: Count | None = None
    sampling: Literal["poisson", "fixed", "none"] | None = None
    clipping_norm: Positive | None = None
    sigma: Positive | None = None
    noise_on: Literal["sum", "mean"] | None = None
    sensitivity: Positive | None = None
    scale: Positive | None = None
    round_epsilon: Positive | None = None
    round_delta: Probability | None = None
    selection_epsilon: Positive | None = None
    release_epsilon: Positive | None = None
    noise_var: Positive | None = None
    fraction: Rate | None = None
    parameters: Count | None = None
    replace: bool | None = None


class SecureAggregation(Statement):
    """Masked sums of client updates (SecAgg, SecAgg+)."""

    technique: Literal["secure_aggregation"] = "secure_aggregation"
    num_clients: Count | None = None
    num_shares: Count | None = None
    reconstruction_threshold: Count | Rate | None = None
    clipping_range: Positive | None = None
    quantization_range: Count | None = None
    modulus_range: Count | None = None


class KAnonymity(Statement):
    """Every combination of quasi-identifiers occurs at least k times."""

    guarantees = frozenset({"k"})
    technique: Literal["k_anonymity"] = "k_anonymity"
    quasi_identifiers: Names = ()
    sensitive: Names = ()
    k: Count | None = None


class LDiversity(Statement):
    """Every class holds at least l values of each sensitive column.

    `also_released` names other released files about the same people: whoever has both knows of a person only the
    values that are in the person's class in each of them.
    """

    guarantees = frozenset({"l"})
    technique: Literal["l_diversity"] = "l_diversity"
    quasi_identifiers: Names = ()
    sensitive: Names = ()
    also_released: Names = ()
    l: Count | None = None  # noqa: E741 - the literature's name


class TCloseness(Statement):
    """In every class the sensitive values are distributed within t of the whole table."""

    guarantees = frozenset({"t"})
    technique: Literal["t_closeness"] = "t_closeness"
    quasi_identifiers: Names = ()
    sensitive: Names = ()
    t: Rate | None = None


class Pseudonymisation(Statement):
    """A column of identifiers replaced by hashes, tokens or format-preserving encryption."""

    technique: Literal["pseudonymisation"] = "pseudonymisation"
    column: Name | None = None
    kind: Literal["email", "phone", "ssn", "date", "ipv4", "postcode", "any"] | None = None
    method: Literal["hash", "hmac", "token", "fpe"] | None = None


class SyntheticData(Statement):
    """A table said to hold no real person."""

    guarantees = frozenset({"epsilon"})
    technique: Literal["synthetic_data"] = "synthetic_data"
    private: Name | None = None
    public_domain: Names = ()
    epsilon: Positive | None = None


class Redaction(Statement):
    """Identifiers removed from text by a function or a guardrail."""

    guarantees = frozenset({"max_leak"})
    technique: Literal["redaction"] = "redaction"
    probe: Name | None = None
    config: Name | None = None
    entities: Names = ()
    max_leak: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None


class HomomorphicEncryption(Statement):
    """Computation on ciphertexts with the stated parameters."""

    guarantees = frozenset({"bits"})
    technique: Literal["homomorphic_encryption"] = "homomorphic_encryption"
    scheme: Literal["ckks", "bfv", "bgv", "paillier"] | None = None
    poly_modulus_degree: Count | None = None
    coeff_mod_bit_sizes: tuple[Count, ...] = ()
    log_q: Positive | None = None
    secret: Literal["ternary", "uniform"] | None = None
    modulus_bits: Count | None = None
    bits: Count | None = None
    context: Name | None = None


class Mpc(Statement):
    """Secure multi-party computation under a named protocol."""

    guarantees = frozenset({"adversary", "statistical_security"})
    technique: Literal["mpc"] = "mpc"
    framework: Name | None = None
    protocol: Name | None = None
    adversary: Literal["semi_honest", "malicious"] | None = None
    parties: Count | None = None
    threshold: Count | None = None
    statistical_security: Count | None = None


class SecretSharing(Mpc):
    """A secret split into shares."""

    technique: Literal["secret_sharing"] = "secret_sharing"  # type: ignore[assignment]


class Psi(Statement):
    """Private set intersection without differential privacy."""

    guarantees = frozenset({"reveals"})
    technique: Literal["psi"] = "psi"
    config: Name | None = None
    scheme: Name | None = None
    reveals: Literal["intersection", "cardinality", "shares"] | None = None
    runs: Count | None = None


class Expectation(BaseModel):
    """What an attestation must say to count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    debug: bool | None = None
    measurement: Names = ()
    image_digest: Names = ()
    audience: Name | None = None
    nonce: Name | None = None
    nonce_of: Name | None = None


class TeeAttestation(Statement):
    """Evidence that a trusted execution environment ran the expected code.

    `collateral` is what belongs to the evidence and comes beside it: Intel's collateral as JSON, AMD's VCEK and ASK,
    the certificates of a GPU. `kind` is told from the bytes where it is not stated.
    """

    technique: Literal["tee_attestation"] = "tee_attestation"
    kind: Literal["sgx", "tdx", "sev_snp", "nitro", "confidential_space", "nvidia"] | None = None
    evidence: Name | None = None
    collateral: Name | None = None
    trust_root: Annotated[str, Field(min_length=1, max_length=100_000)] | None = None  # a file, or PEM
    expect: Expectation | None = None


class ModelSignature(Statement):
    """A model file that matches its signature or hash."""

    guarantees = frozenset({"sha256"})
    technique: Literal["model_signature"] = "model_signature"
    signature: Name | None = None
    public_key: Name | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")] | None = None


class EncryptionInTransit(Statement):
    """A connection that is encrypted and authenticated."""

    technique: Literal["encryption_in_transit"] = "encryption_in_transit"
    config: Name | None = None


class EncryptionAtRest(Statement):
    """A file or store that is encrypted."""

    technique: Literal["encryption_at_rest"] = "encryption_at_rest"
    config: Name | None = None


AnyStatement = Annotated[
    DpSgd
    | DpQuery
    | DpComposition
    | LocalDp
    | DpPsi
    | MpcDualDp
    | FederatedDp
    | SecureAggregation
    | KAnonymity
    | LDiversity
    | TCloseness
    | Pseudonymisation
    | SyntheticData
    | Redaction
    | HomomorphicEncryption
    | Mpc
    | SecretSharing
    | Psi
    | TeeAttestation
    | ModelSignature
    | EncryptionInTransit
    | EncryptionAtRest,
    Field(discriminator="technique"),
]
STATEMENT: TypeAdapter[AnyStatement] = TypeAdapter(AnyStatement)

BY_TECHNIQUE: dict[str, type[Statement]] = {
    kind.model_fields["technique"].default: kind for kind in get_args(get_args(AnyStatement)[0])
}

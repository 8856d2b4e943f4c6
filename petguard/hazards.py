"""Known ways in which a privacy protection fails although its numbers look right: what each is and what it does.

Parsers find them beside a claim, rules report them, and the verifiers take back or overturn a verdict because of them.
The list follows the privacy hazards of NIST SP 800-226 and the documented traps of the libraries.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Hazard(StrEnum):
    """One way to fail. Its value stands in rules and reports and never changes its meaning."""

    ANYBODY_IN_POOL = "anybody_in_pool"  # whoever is in an identity pool acts as the enclave
    BATCH_NORM = "batch_norm"  # a layer that mixes the examples of a batch in a DP model
    BUDGET_PER_COLUMN = "budget_per_column"  # the whole epsilon is spent on each column
    BUDGET_PER_QUERY = "budget_per_query"  # the whole epsilon is spent on each query
    CLIENT_SIDE_ONLY = "client_side_only"  # noise of each client is counted as if only their sum were seen
    CODE_AFTER_MEASUREMENT = "code_after_measurement"  # the enclave runs code that is fetched after it was measured
    DATA_DEPENDENT_BOUNDS = "data_dependent_bounds"  # clipping bounds or sensitivity read from the private data
    DEBUG_ENCLAVE = "debug_enclave"  # an image or a setting that lets the operator look into the enclave
    DEBUG_SWITCH = "debug_switch"  # code that starts such an image when a variable says so
    DELTA_TOO_LARGE = "delta_too_large"  # delta times the number of people is one or more
    DP_SWITCHED_OFF = "dp_switched_off"  # the configuration states epsilon and disables the noise
    ENCLAVE_IMAGE_NOT_PINNED = "enclave_image_not_pinned"  # the enclave runs whatever a tag means that day
    EPSILON_IN_LOOP = "epsilon_in_loop"  # a release inside a loop, counted once
    FIXED_SEED = "fixed_seed"  # the noise can be computed by anybody who reads the code
    GROUP_KEYS = "group_keys"  # groups are named by the private data, without a threshold
    INSECURE_RANDOM = "insecure_random"  # noise from a generator that can be predicted
    KEY_RELEASED_TO_ANY_PROGRAM = "key_released_to_any_program"  # attestation is asked for, and not which program runs
    KEY_RELEASED_TO_DEBUG = "key_released_to_debug"  # attestation is asked for, and debugging not excluded
    LAUNCH_OVERRIDE = "launch_override"  # the operator may change what the measured image does
    LIBRARY_TRAP = "library_trap"  # a documented defect or default of the library
    MICROBATCHES = "microbatches"  # the clipped unit is a group of examples
    MIXED_RELEASE = "mixed_release"  # the same data also leaves without noise
    MOCK_ATTESTATION = "mock_attestation"  # a stand-in may answer in place of the hardware
    MORE_RUNS_THAN_QUERIES = "more_runs_than_queries"  # run more often than it is calibrated for
    NAIVE_FLOATING_POINT = "naive_floating_point"  # continuous noise from a textbook sampler in floating point
    NOISE_BEFORE_CLIPPING = "noise_before_clipping"  # what is clipped is the noise, not the contribution
    NO_NOISE = "no_noise"  # called differentially private, and adds no noise at all
    PATH_AROUND_ENCLAVE = "path_around_enclave"  # somebody outside the enclave may read the same data
    PER_LAYER_CLIPPING = "per_layer_clipping"  # every layer is clipped to the norm that is meant for all together
    SENSITIVITY_TOO_SMALL = "sensitivity_too_small"  # what one person can change is more than the noise is made for
    UNACCOUNTED_RELEASE = (
        "unaccounted_release"  # a second release of the same run, a metric or a quantile, is not counted
    )
    UNBOUNDED_CONTRIBUTION = "unbounded_contribution"  # one person may be in the data any number of times
    WEAK_NONCE = "weak_nonce"  # evidence bound to a result by a hash for which a second one can be made


class Effect(StrEnum):
    """What a hazard does to the verdict on the claim that it stands beside."""

    REFUTES = "refutes"  # it alone is the witness that the guarantee does not hold
    DOUBTS = "doubts"  # the numbers may not describe what runs, so they verify nothing
    WARNS = "warns"  # the verdict stands; a rule says what else to look at


EFFECTS: Mapping[Hazard, Effect] = MappingProxyType(
    {
        Hazard.ANYBODY_IN_POOL: Effect.WARNS,
        Hazard.BATCH_NORM: Effect.DOUBTS,
        Hazard.BUDGET_PER_COLUMN: Effect.DOUBTS,
        Hazard.BUDGET_PER_QUERY: Effect.DOUBTS,
        Hazard.CLIENT_SIDE_ONLY: Effect.DOUBTS,
        Hazard.CODE_AFTER_MEASUREMENT: Effect.DOUBTS,
        Hazard.DATA_DEPENDENT_BOUNDS: Effect.DOUBTS,
        Hazard.DEBUG_ENCLAVE: Effect.REFUTES,
        Hazard.DEBUG_SWITCH: Effect.DOUBTS,
        Hazard.DELTA_TOO_LARGE: Effect.WARNS,
        Hazard.DP_SWITCHED_OFF: Effect.REFUTES,
        Hazard.ENCLAVE_IMAGE_NOT_PINNED: Effect.DOUBTS,
        Hazard.EPSILON_IN_LOOP: Effect.DOUBTS,
        Hazard.FIXED_SEED: Effect.REFUTES,
        Hazard.GROUP_KEYS: Effect.DOUBTS,
        Hazard.INSECURE_RANDOM: Effect.WARNS,
        Hazard.KEY_RELEASED_TO_ANY_PROGRAM: Effect.DOUBTS,
        Hazard.KEY_RELEASED_TO_DEBUG: Effect.DOUBTS,
        Hazard.LAUNCH_OVERRIDE: Effect.DOUBTS,
        Hazard.LIBRARY_TRAP: Effect.DOUBTS,
        Hazard.MICROBATCHES: Effect.DOUBTS,
        Hazard.MIXED_RELEASE: Effect.WARNS,
        Hazard.MOCK_ATTESTATION: Effect.DOUBTS,
        Hazard.MORE_RUNS_THAN_QUERIES: Effect.WARNS,
        Hazard.NAIVE_FLOATING_POINT: Effect.DOUBTS,
        Hazard.NOISE_BEFORE_CLIPPING: Effect.DOUBTS,
        Hazard.NO_NOISE: Effect.REFUTES,
        Hazard.PATH_AROUND_ENCLAVE: Effect.WARNS,
        Hazard.PER_LAYER_CLIPPING: Effect.DOUBTS,
        Hazard.SENSITIVITY_TOO_SMALL: Effect.DOUBTS,
        Hazard.UNACCOUNTED_RELEASE: Effect.DOUBTS,
        Hazard.UNBOUNDED_CONTRIBUTION: Effect.DOUBTS,
        Hazard.WEAK_NONCE: Effect.DOUBTS,
    }
)

# They only raise the true epsilon: each keeps a claim from being verified, and none from being refuted.
ONLY_WORSE: frozenset[Hazard] = frozenset({Hazard.NAIVE_FLOATING_POINT})

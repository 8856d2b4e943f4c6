"""Confidential computing as it is deployed: hardware that is asked for, conditions, scripts and code."""

import json
from collections.abc import Callable

import pytest

from petguard.hazards import Hazard
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.confidential_computing import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]


def hazards(read: Read, files: dict[str, str]) -> list[tuple[Hazard, int]]:
    """The hazards of all claims with their lines."""
    facts, gaps = read(PARSER, files)
    assert not gaps
    return [(each.hazard, each.location.line) for claim in facts.claims for each in claim.dangers]


def kinds(facts: Facts) -> list[object]:
    """The kinds of hardware that are claimed."""
    return [getattr(claim.statement, "kind", None) for claim in facts.claims]


def resource(type_: str, *path: str) -> str:
    """A resource of Terraform: all steps but the last are blocks in one another, the last is what stands in them."""
    opened = "".join(f"{block} {{\n" for block in path[:-1])
    return f'resource "{type_}" "a" {{\n{opened}{path[-1]}\n{"}" * len(path)}'.replace("}", "}\n")


HARDWARE = [
    ("google_compute_instance", ("confidential_instance_config", 'confidential_instance_type = "TDX"'), "tdx"),
    ("google_compute_instance", ("confidential_instance_config", "enable_confidential_compute = true"), None),
    ("google_container_node_pool", ("node_config", "confidential_nodes", "enabled = true"), None),
    ("aws_instance", ("enclave_options", "enabled = true"), "nitro"),
    ("aws_instance", ("cpu_options", 'amd_sev_snp = "enabled"'), "sev_snp"),
    ("azurerm_linux_virtual_machine", ("vtpm_enabled = true\nsecure_boot_enabled = true",), None),
    ("azurerm_linux_virtual_machine", ("os_disk", 'security_encryption_type = "VMGuestStateOnly"'), None),
]


@pytest.mark.parametrize(("type_", "path", "kind"), HARDWARE)
def test_hardware_that_terraform_asks_for_is_a_claim(
    type_: str, path: tuple[str, ...], kind: str | None, read: Read
) -> None:
    """Each cloud's way of asking is read, with the kind where it says one."""
    facts, _ = read(PARSER, {"main.tf": resource(type_, *path)})
    assert kinds(facts) == [kind]


@pytest.mark.parametrize(
    ("type_", "path"),
    [
        ("google_container_node_pool", ("node_config", "confidential_nodes", "enabled = false")),
        ("aws_instance", ("enclave_options", "enabled = false")),
        ("azurerm_linux_virtual_machine", ("vtpm_enabled = true\nsecure_boot_enabled = false",)),
    ],
)
def test_hardware_that_is_not_asked_for_is_no_claim(type_: str, path: tuple[str, ...], read: Read) -> None:
    """A setting that is off claims nothing."""
    assert read(PARSER, {"main.tf": resource(type_, *path)})[0] == Facts()


def test_cloudformation_asks_for_an_enclave(read: Read) -> None:
    """EnclaveOptions of an instance is a claim about a Nitro enclave."""
    text = json.dumps(
        {"Resources": {"Host": {"Type": "AWS::EC2::Instance", "Properties": {"EnclaveOptions": {"Enabled": True}}}}}
    )
    facts, _ = read(PARSER, {"stack.json": text})
    assert kinds(facts) == ["nitro"]


@pytest.mark.parametrize(
    ("name", "kind"), [("kata-cc-isolation", None), ("kata-qemu-snp", "sev_snp"), ("kata-qemu-tdx", "tdx")]
)
def test_a_pod_asks_for_a_confidential_runtime(name: str, kind: str | None, read: Read) -> None:
    """The runtime class of a confidential container is a claim."""
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  runtimeClassName: {name}\n"
    facts, _ = read(PARSER, {"pod.yaml": text})
    assert kinds(facts) == [kind]


def test_a_pod_in_a_plain_sandbox_claims_nothing(read: Read) -> None:
    """Kata without hardware protects the host, not the guest."""
    text = "apiVersion: v1\nkind: Pod\nspec:\n  runtimeClassName: kata-qemu\n"
    assert read(PARSER, {"pod.yaml": text})[0] == Facts()


POOL = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p"
PROVIDER = """\
resource "google_iam_workload_identity_pool_provider" "tee" {
  oidc {
    issuer_uri = "https://confidentialcomputing.googleapis.com"
  }
  attribute_condition = "%s"
}
"""


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (
            "assertion.swname == 'CONFIDENTIAL_SPACE'",
            [Hazard.KEY_RELEASED_TO_ANY_PROGRAM, Hazard.KEY_RELEASED_TO_DEBUG],
        ),
        (
            "'STABLE' in assertion.submods.confidential_space.support_attributes",
            [Hazard.KEY_RELEASED_TO_ANY_PROGRAM],
        ),
        ("assertion.submods.container.image_digest == 'sha256:00'", [Hazard.KEY_RELEASED_TO_DEBUG]),
        ("assertion.submods.container.image_digest == 'sha256:00' && assertion.dbgstat == 'disabled-since-boot'", []),
        ("${var.condition}", []),
    ],
)
def test_a_condition_names_the_program_and_excludes_debugging(condition: str, found: list[Hazard], read: Read) -> None:
    """What a condition on Google's tokens leaves open is found in its line."""
    seen = hazards(read, {"main.tf": PROVIDER % condition})
    assert sorted(seen) == sorted((hazard, 5) for hazard in found)


def test_a_provider_without_a_condition_releases_to_anybody(read: Read) -> None:
    """Google's issuer with no condition at all trusts every workload of everybody."""
    text = "\n".join(line for line in PROVIDER.split("\n") if "condition" not in line)
    assert {hazard for hazard, _ in hazards(read, {"main.tf": text})} == {
        Hazard.KEY_RELEASED_TO_ANY_PROGRAM,
        Hazard.KEY_RELEASED_TO_DEBUG,
    }


def test_a_program_may_be_pinned_by_the_member(read: Read) -> None:
    """A member that names the digest pins the program as well as the condition does."""
    member = resource("google_service_account_iam_member", f'member = "{POOL}/attribute.image_digest/sha256:00"')
    files = {
        "pool.tf": PROVIDER % "'STABLE' in assertion.submods.confidential_space.support_attributes",
        "iam.tf": member,
    }
    assert hazards(read, files) == []


def test_a_whole_pool_as_a_member_is_found_beside_its_provider(read: Read) -> None:
    """A pool of other identities is nobody's enclave; one of attested workloads is."""
    member = resource("google_service_account_iam_member", f'member = "{POOL}/*"')
    good = "assertion.submods.container.image_digest == 'sha256:00' && assertion.dbgstat == 'disabled-since-boot'"
    assert hazards(read, {"iam.tf": member}) == []
    assert hazards(read, {"iam.tf": member, "pool.tf": PROVIDER % good}) == [(Hazard.ANYBODY_IN_POOL, 2)]


def key_policy(condition: object) -> str:
    """A key policy of AWS as Terraform has it."""
    return (
        'resource "aws_kms_key" "k" {\n  policy = jsonencode('
        + json.dumps({"Statement": [{"Condition": condition}]})
        + ")\n}"
    )


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"StringEqualsIgnoreCase": {"kms:RecipientAttestation:ImageSha384": "ab" * 48}}, []),
        ({"StringEqualsIgnoreCase": {"kms:RecipientAttestation:PCR0": ["ab" * 48]}}, []),
        ({"StringEquals": {"kms:RecipientAttestation:PCR3": "ab" * 48}}, [Hazard.KEY_RELEASED_TO_ANY_PROGRAM]),
        ({"StringLike": {"kms:RecipientAttestation:ImageSha384": "*"}}, [Hazard.KEY_RELEASED_TO_ANY_PROGRAM]),
        ({"StringEquals": {"kms:RecipientAttestation:PCR0": "0" * 96}}, [Hazard.KEY_RELEASED_TO_DEBUG]),
        ({"StringEquals": {"aws:PrincipalTag/a": "b"}}, []),
    ],
)
def test_a_key_of_aws_asks_for_an_image(condition: object, found: list[Hazard], read: Read) -> None:
    """A role or an instance is not a program, and zeros are an enclave in debug mode."""
    files = {"kms.tf": key_policy(condition) + "\n# kms:RecipientAttestation"}
    assert [hazard for hazard, _ in hazards(read, files)] == found


def test_a_policy_document_of_terraform_is_read_too(read: Read) -> None:
    """The other way to write a key policy in Terraform."""
    text = """\
data "aws_iam_policy_document" "k" {
  statement {
    condition {
      test     = "StringEquals"
      variable = "kms:RecipientAttestation:PCR8"
      values   = ["ab"]
    }
  }
}
"""
    assert [hazard for hazard, _ in hazards(read, {"kms.tf": text})] == [Hazard.KEY_RELEASED_TO_ANY_PROGRAM]


def release_policy(*claims: str) -> str:
    """A key release policy of Azure."""
    asked = [{"claim": claim, "equals": "x"} for claim in claims]
    authority = "https://sharedeus.eus.attest.azure.net/"
    return json.dumps({"version": "1.0.0", "anyOf": [{"authority": authority, "allOf": asked}]})


def test_a_release_policy_of_azure_names_the_program_and_excludes_debugging(read: Read) -> None:
    """A compliant machine is neither a program nor one that nobody debugs."""
    loose = release_policy("x-ms-isolation-tee.x-ms-compliance-status")
    strict = release_policy("x-ms-sevsnpvm-hostdata", "x-ms-sevsnpvm-is-debuggable")
    assert {hazard for hazard, _ in hazards(read, {"skr.json": loose})} == {
        Hazard.KEY_RELEASED_TO_ANY_PROGRAM,
        Hazard.KEY_RELEASED_TO_DEBUG,
    }
    assert hazards(read, {"skr.json": strict}) == []


def instance(name: str, image: str, reference: str = "eu.gcr.io/p/i@sha256:00") -> str:
    """A Confidential Space machine."""
    return f"""\
resource "google_compute_instance" "{name}" {{
  confidential_instance_config {{
    confidential_instance_type = "SEV_SNP"
  }}
  boot_disk {{
    initialize_params {{
      image = "projects/confidential-space-images/global/images/family/{image}"
    }}
  }}
  metadata = {{
    "tee-image-reference" = "{reference}"
  }}
}}
"""


def test_a_debug_image_stands_beside_its_own_machine(read: Read) -> None:
    """The hazard of one machine does not refute what another claims."""
    text = instance("good", "confidential-space") + instance("bad", "confidential-space-debug")
    facts, _ = read(PARSER, {"main.tf": text})
    assert [[each.hazard for each in claim.dangers] for claim in facts.claims] == [[], [Hazard.DEBUG_ENCLAVE]]


def test_an_image_by_a_tag_is_not_pinned(read: Read) -> None:
    """A tag is whatever was pushed last."""
    files = {"main.tf": instance("a", "confidential-space", "eu.gcr.io/p/i:latest")}
    assert hazards(read, files) == [(Hazard.ENCLAVE_IMAGE_NOT_PINNED, 11)]


GRANTS = """\
resource "google_project_iam_member" "workload" {
  role   = "roles/confidentialcomputing.workloadUser"
  member = "serviceAccount:${google_service_account.tee.email}"
}
resource "google_storage_bucket_iam_member" "tee" {
  bucket = "private"
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_service_account.tee.email}"
}
resource "google_storage_bucket_iam_member" "other" {
  bucket = "%s"
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_service_account.api.email}"
}
"""


def test_somebody_else_with_the_enclaves_bucket_goes_around_it(read: Read) -> None:
    """Data that an ordinary account reads too is protected by no enclave; another bucket is not the same data."""
    assert hazards(read, {"iam.tf": GRANTS % "private"}) == [(Hazard.PATH_AROUND_ENCLAVE, 13)]
    assert hazards(read, {"iam.tf": GRANTS % "public"}) == []


LABEL = "LABEL tee.launch_policy.log_redirect=never"
FALLBACK = """\
teeType := os.Getenv("TEE_BACKEND")
if teeType == "GCP" {
    tee = NewConfidentialSpace(ctx)
} else {
    tee = %s(ctx)
}
"""


def test_a_mock_backend_as_the_fallback_is_found(read: Read) -> None:
    """A misspelt setting must not end in a stand-in."""
    assert hazards(read, {"main.go": FALLBACK % "NewMockTeeBackend"}) == [(Hazard.MOCK_ATTESTATION, 4)]
    assert hazards(read, {"main.go": FALLBACK % "fail"}) == []


@pytest.mark.parametrize(
    ("name", "line", "hazard"),
    [
        ("main.go", 'return []byte(fmt.Sprintf("mock tee token with nonce %s", nonce))', Hazard.MOCK_ATTESTATION),
        ("deploy.sh", "helm upgrade --set config.teeBackend=MOCK", Hazard.MOCK_ATTESTATION),
        ("values.yaml", "config:\n  teeBackend: MOCK", Hazard.MOCK_ATTESTATION),
        ("launch.py", 'image = "images/family/confidential-space-debug"', Hazard.DEBUG_SWITCH),
        ("Dockerfile", 'LABEL "tee.launch_policy.allow_env_override"="TOKEN"', Hazard.LAUNCH_OVERRIDE),
        ("run.sh", "hash=$(md5sum out | cut -c1-32)  # TEE_BACKEND\n./token --nonce $hash", Hazard.WEAK_NONCE),
        ("Dockerfile", f"{LABEL}\nENTRYPOINT true \\\n && git clone x", Hazard.CODE_AFTER_MEASUREMENT),
    ],
)  # fmt: skip
def test_a_hollow_attestation_is_found_in_its_line(name: str, line: str, hazard: Hazard, read: Read) -> None:
    """Each of ManaTEE's ways to fail is found wherever it is written."""
    assert [each for each, _ in hazards(read, {name: line + "\n"})] == [hazard]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.go", '// "mock tee token" is what the mock writes\n'),
        ("main_test.go", 'want := "mock tee token with nonce 1"\n'),
        ("Dockerfile", 'LABEL "tee.launch_policy.allow_cmd_override"="false"\n'),
        ("Dockerfile", f'{LABEL}\nRUN git clone https://x.example\nENTRYPOINT ["/run"]\n'),
        ("run.sh", "hash=$(sha256sum out)\n./gen --nonce $hash  # TEE_BACKEND\n"),
        ("cache.py", "key = md5(data)\nnonce = 1\n"),
    ],
)  # fmt: skip
def test_what_is_fine_is_left_alone(name: str, text: str, read: Read) -> None:
    """Comments, tests, steps before the measurement and files about other things are no hazards."""
    assert hazards(read, {name: text}) == []


COMMAND = """\
gcloud iam service-accounts add-iam-policy-binding $SA \\
    --member="principalSet://iam.googleapis.com/projects/"$(number)"/locations/global/workloadIdentityPools/$POOL/*"
gcloud iam workload-identity-pools providers create-oidc verifier \\
    --issuer-uri="https://confidentialcomputing.googleapis.com/" \\
    --attribute-condition="assertion.swname == 'CONFIDENTIAL_SPACE'"
"""


def test_commands_are_read_like_settings(read: Read) -> None:
    """A pool that a script makes is judged like one in Terraform."""
    assert hazards(read, {"setup.sh": COMMAND}) == [
        (Hazard.ANYBODY_IN_POOL, 2),
        (Hazard.KEY_RELEASED_TO_ANY_PROGRAM, 5),
        (Hazard.KEY_RELEASED_TO_DEBUG, 5),
    ]


def test_a_file_that_is_cut_off_is_a_gap(read: Read) -> None:
    """What could not be read is said."""
    facts, gaps = read(PARSER, {"stack.json": '{"EnclaveOptions": {"Enabled": tr'})
    assert facts.claims == ()
    assert [gap.path for gap in gaps] == ["stack.json"]


def test_a_template_that_is_no_yaml_yet_is_read_by_its_lines(read: Read) -> None:
    """A chart's template is no gap of this parser, and its lines count."""
    text = "data:\n  {{- if .Values.x }}\n  teeBackend: MOCK\n  {{- end }}\n"
    assert hazards(read, {"templates/config.yaml": text}) == [(Hazard.MOCK_ATTESTATION, 3)]


def test_a_runtime_in_a_template_is_a_claim(read: Read) -> None:
    """A chart that asks for a confidential runtime claims it before it is filled in."""
    text = "spec:\n  {{- if .Values.x }}\n  runtimeClassName: kata-qemu-tdx\n  {{- end }}\n"
    facts, gaps = read(PARSER, {"templates/pod.yaml": text})
    assert kinds(facts) == ["tdx"]
    assert [claim.location.line for claim in facts.claims] == [3]
    assert not gaps

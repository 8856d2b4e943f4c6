"""Dockerfiles, compose files and Kubernetes objects: which images, models, keys and addresses they run with."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Asset, EdgeKind, Facts, Gap, State, Trait
from petguard.parsers import Parser, compose, dockerfile, kubernetes

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_KEY = "sk-ant-Qz7Lm2Rt9Vb4Xc6Kp1Ws8Yd3Nf5Hg0Jq"


def ids(facts: Facts) -> dict[str, int]:
    """Every id with the line where it was seen first."""
    found: dict[str, int] = {}
    for node in facts.nodes:
        found.setdefault(node.id, node.locations[0].line)
    return found


_DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG TAG=0.5.4
ARG REGISTRY
FROM python:3.12 AS build
RUN --mount=type=cache,target=/root/.cache \\
    # the client
    pip install --no-cache-dir \\
      openai==1.60.0 flask
FROM ${REGISTRY}/ollama/ollama:${TAG}
ENV OPENAI_BASE_URL=https://openrouter.ai/api/v1 \\
    LLM_MODEL=gpt-4o-mini
ARG ANTHROPIC_API_KEY
ENTRYPOINT ["/bin/sh", "-c", "ollama serve"]
"""


def test_a_dockerfile_tells_images_packages_and_variables(read: Read) -> None:
    """Variables with a default are put in, comments between continued lines do not move the line numbers."""
    facts, gaps = read(dockerfile.PARSER, {"Dockerfile": _DOCKERFILE})
    assert gaps == []
    assert ids(facts) == {
        "ai_sdk:pypi/openai": 8,
        "ai_workload:image/ollama/ollama": 9,
        "ai_service:openrouter": 10,
        "model:gpt-4o-mini": 11,
        "credential:ANTHROPIC_API_KEY": 12,
    }
    image = next(node for node in facts.nodes if node.id == "ai_workload:image/ollama/ollama")
    assert (image.version, image.traits) == ("0.5.4", (Trait.MUTABLE_REFERENCE,))


def test_a_key_in_a_dockerfile_is_named_and_masked(read: Read) -> None:
    """A literal in ENV is a secret; it stands in no evidence."""
    facts, _ = read(dockerfile.PARSER, {"api.Dockerfile": f"FROM scratch\nENV ANTHROPIC_API_KEY={_KEY}\n"})
    assert facts.nodes[0].traits == (Trait.SECRET,)
    assert _KEY not in facts.model_dump_json()


def test_a_command_of_an_unknown_image_is_a_workload(read: Read) -> None:
    """What is started tells that it runs AI; the model stands after the command."""
    text = 'FROM registry.example.com/base:1\nCMD ["vllm", "serve", "Qwen/Qwen2.5-7B-Instruct", "--port", "80"]\n'
    facts, _ = read(dockerfile.PARSER, {"serving/Dockerfile": text})
    assert ids(facts) == {"ai_workload:serving/Dockerfile#1": 2, "model:Qwen/Qwen2.5-7B-Instruct": 2}
    assert [edge.kind for edge in facts.edges] == [EdgeKind.USES]


def test_an_image_that_is_given_from_outside_is_a_gap(read: Read) -> None:
    """Only where the file has to do with AI."""
    text = "ARG BASE\nFROM ${BASE}\n"
    _, gaps = read(dockerfile.PARSER, {"Dockerfile": f"{text}ENV OPENAI_API_KEY=x\n"})
    assert [(gap.line, gap.state) for gap in gaps] == [(2, State.PARTIAL)]
    assert read(dockerfile.PARSER, {"Dockerfile": f"{text}RUN npm install\n"}) == (Facts(), [])


_COMPOSE = """\
services:
  llm:
    image: ghcr.io/huggingface/text-generation-inference:${TGI:-3.0.1}
    command: --model-id mistralai/Mistral-7B-Instruct-v0.3 --num-shard 1
  db:
    image: qdrant/qdrant@sha256:0123456789012345678901234567890123456789012345678901234567890123
  web:
    build: .
    environment:
      - OPENAI_API_KEY=${OPENAI_API_KEY}
      - API_KEY=${MISTRAL_API_KEY:-}
      - OPENAI_BASE_URL=http://llm:11434/v1
  cache: {image: redis}
models:
  small: {model: ai/smollm2-360m}
"""


def test_a_compose_file_tells_its_services(read: Read) -> None:
    """Images with a default tag, the model in a command, keys under another name, a runtime by its port."""
    facts, gaps = read(compose.PARSER, {"compose.yaml": _COMPOSE})
    assert gaps == []
    assert ids(facts) == {
        "ai_workload:image/ghcr.io/huggingface/text-generation-inference": 3,
        "model:mistralai/Mistral-7B-Instruct-v0.3": 4,
        "vector_store:image/qdrant/qdrant": 6,
        "credential:OPENAI_API_KEY": 10,
        "credential:MISTRAL_API_KEY": 11,
        "ai_service:ollama": 12,
        "model:ai/smollm2-360m": 15,
    }
    store = next(node for node in facts.nodes if node.asset is Asset.VECTOR_STORE)
    assert store.traits == ()


_POD = """\
# the licence
---
apiVersion: v1
kind: Service
metadata: {name: llama}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: llama}
spec:
  template:
    spec:
      nodeSelector: {cloud.google.com/gke-accelerator: nvidia-tesla-t4}
      containers:
        - name: server
          image: vllm/vllm-openai:v0.6.3
          args:
            - --model=meta-llama/Llama-3.1-8B-Instruct
            - --served-model-name=llama-3
          env:
            - name: TOKEN
              valueFrom: {secretKeyRef: {name: hf, key: HF_TOKEN}}
            - {name: ANTHROPIC_API_KEY, value: KEY}
        - name: pull
          image: curlimages/curl
          command: [sh, -c]
          args:
            - |
              set -e
              pip install anthropic==0.40.0
"""


def test_a_deployment_tells_its_containers(read: Read) -> None:
    """Lines are those of the file, through several documents and into a block of shell."""
    facts, gaps = read(kubernetes.PARSER, {"k8s/llm.yaml": _POD.replace("KEY}", _KEY + "}")})
    assert gaps == []
    assert ids(facts) == {
        "ai_workload:image/vllm/vllm-openai": 16,
        "model:meta-llama/Llama-3.1-8B-Instruct": 18,
        "credential:HF_TOKEN": 22,
        "credential:ANTHROPIC_API_KEY": 23,
        "ai_sdk:pypi/anthropic": 30,
    }
    assert _KEY not in facts.model_dump_json()


def test_an_inference_service_names_its_model(read: Read) -> None:
    """KServe: the object is the workload, the address of its files names the model."""
    text = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: chat}
spec:
  predictor:
    model:
      modelFormat: {name: huggingface}
      storageUri: hf://Qwen/Qwen2.5-0.5B-Instruct
      args: [--model_name=chat, --backend=vllm]
"""
    facts, gaps = read(kubernetes.PARSER, {"isvc.yaml": text})
    assert gaps == []
    assert ids(facts) == {
        "ai_workload:isvc.yaml#InferenceService/chat": 2,
        "model:Qwen/Qwen2.5-0.5B-Instruct": 8,
    }
    assert facts.nodes[0].details == {"format": "huggingface", "storage": "hf://Qwen/Qwen2.5-0.5B-Instruct"}


def test_chart_values_name_an_image_in_parts(read: Read) -> None:
    """Registry, repository, tag; and the models that the chart fetches."""
    text = """\
image: {registry: docker.io, repository: ollama/ollama, tag: "0.5.4"}
ollama:
  models:
    pull:
      - llama-3.2-1b
sidecar:
  image: {repository: nginx, tag: "1"}
"""
    facts, gaps = read(kubernetes.PARSER, {"values.yaml": text})
    assert gaps == []
    assert ids(facts) == {"ai_workload:image/ollama/ollama": 1, "model:llama-3.2-1b": 5}


def test_a_chart_of_ai_software_is_a_dependency(read: Read) -> None:
    """A chart is called like the image it installs."""
    text = """\
apiVersion: v2
name: app
dependencies:
  - {name: qdrant, version: 1.12.0, repository: "https://qdrant.github.io/qdrant-helm"}
  - {name: postgresql, version: 15.0.0, repository: "https://charts.bitnami.com/bitnami"}
"""
    facts, _ = read(kubernetes.PARSER, {"Chart.yaml": text})
    assert [(node.id, node.version) for node in facts.nodes] == [("vector_store:chart/qdrant", "1.12.0")]


def test_charts_that_are_installed_by_others_count(read: Read) -> None:
    """Flux, Argo CD and Kustomize; an ordinary chart does not."""
    text = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
spec: {chart: {spec: {chart: qdrant, version: 1.12.0}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
spec: {source: {chart: ollama, targetRevision: 1.0.0}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
spec: {source: {chart: redis, targetRevision: 1.0.0}}
---
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
images: [{name: vllm/vllm-openai, newTag: v0.6.4}]
"""
    facts, gaps = read(kubernetes.PARSER, {"apps.yaml": text})
    assert gaps == []
    assert ids(facts) == {
        "vector_store:chart/qdrant": 3,
        "ai_workload:chart/ollama": 7,
        "ai_workload:image/vllm/vllm-openai": 15,
    }


def test_a_config_map_tells_settings_and_scripts(read: Read) -> None:
    """Names, and shell text below the name of a script; an encoded placeholder of a Secret is no key."""
    text = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: bot}
data:
  LLM_MODEL: gpt-4o-mini
  start.sh: |
    pip install openai
---
apiVersion: v1
kind: Secret
data: {OPENAI_API_KEY: eW91ci1hcGkta2V5LWhlcmU=}
"""
    facts, gaps = read(kubernetes.PARSER, {"bot.yaml": text})
    assert gaps == []
    assert ids(facts) == {"model:gpt-4o-mini": 5, "ai_sdk:pypi/openai": 7, "credential:OPENAI_API_KEY": 11}
    assert all(Trait.SECRET not in node.traits for node in facts.nodes)


_TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "llm.fullname" . }}
spec:
  {{- with .Values.pod }}
  containers:
    - image: "vllm/vllm-openai:{{ .Values.tag }}"
      args:
        - --model
        - Qwen/Qwen2.5-7B-Instruct
      env:
        - name: OPENAI_API_KEY
          value: {{ .Values.key }}
  {{- end }}
"""


def test_a_template_is_read_line_by_line(read: Read) -> None:
    """Images, arguments and names that are written out; a line that tells of AI and was not understood is a gap."""
    facts, gaps = read(kubernetes.PARSER, {"chart/templates/deployment.yaml": _TEMPLATE})
    assert gaps == []
    assert ids(facts) == {
        "ai_workload:image/vllm/vllm-openai": 8,
        "model:Qwen/Qwen2.5-7B-Instruct": 10,
        "credential:OPENAI_API_KEY": 13,
    }
    unclear = _TEMPLATE.replace("- --model\n", "- {{ if .Values.x }}ollama pull {{ .Values.model }}{{ end }}\n")
    _, gaps = read(kubernetes.PARSER, {"chart/templates/deployment.yaml": unclear})
    assert [(gap.line, gap.reason) for gap in gaps] == [(10, "template")]


@pytest.mark.parametrize(
    ("parser", "path", "text"),
    [
        (dockerfile.PARSER, "Dockerfile", "FROM node:22\nRUN npm install chroma-js\nENV MAX_TOKENS=5 AGENT=datadog\n"),
        (compose.PARSER, "compose.yml", "services:\n  db: {image: postgres, environment: {MODEL: Corolla}}\n"),
        (kubernetes.PARSER, "agent.yaml", "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: datadog/agent}]}\n"),
        (
            kubernetes.PARSER,
            "gpu.yaml",
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: cuda}], model: nvidia-tesla-t4}  # api.x.ai\n",
        ),
        (
            kubernetes.PARSER,
            "crd.yaml",
            "apiVersion: v1\nkind: CustomResourceDefinition\nspec: {names: {kind: InferenceService}}\n",
        ),
    ],
)
def test_what_has_nothing_to_do_with_ai_is_not_listed(read: Read, parser: Parser, path: str, text: str) -> None:
    """Other images, other agents, other models, and the definition of a kind that serves models."""
    assert read(parser, {path: text}) == (Facts(), [])


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  a: {image: ollama/ollama\n",
        "services:\n  - ollama/ollama\n",
        "services:\n  a:\n    - ollama/ollama\n",
        "services:\n" + "".join(f"{'  ' * depth}a:\n" for depth in range(1, 300)) + " # ollama/ollama\n",
        "services:\n a: ollama/ollama\n" + "# " + "x" * 1_100_000,
    ],
    ids=["truncated", "a list", "an inner list", "deep", "huge"],
)
def test_a_bad_compose_file_is_a_gap(read: Read, text: str) -> None:
    """With its path, never a crash and never silence."""
    _, gaps = read(compose.PARSER, {"compose.yml": text})
    assert [gap.path for gap in gaps] == ["compose.yml"]


def test_a_bad_document_does_not_hide_the_others(read: Read) -> None:
    """The gap has the line of the file."""
    facts, gaps = read(kubernetes.PARSER, {"a.yaml": f"{_POD}---\nkind: [\nimage: ollama/ollama\n"})
    assert "ai_workload:image/vllm/vllm-openai" in ids(facts)
    assert [(gap.state, gap.line) for gap in gaps] == [(State.PARTIAL, 34)]


@given(st.data())
def test_any_cut_of_any_file_is_read_without_a_crash(read: Read, data: st.DataObject) -> None:
    """And so is one in which two characters changed."""
    parser, path, text = data.draw(
        st.sampled_from(
            [
                (dockerfile.PARSER, "Dockerfile", _DOCKERFILE),
                (compose.PARSER, "compose.yaml", _COMPOSE),
                (kubernetes.PARSER, "a.yaml", _POD),
                (kubernetes.PARSER, "templates/a.yaml", _TEMPLATE),
            ]
        )
    )
    end = data.draw(st.integers(0, len(text)))
    at = data.draw(st.integers(0, len(text)))
    changed = text[:at] + data.draw(st.text(max_size=2)) + text[at:end]
    read(parser, {path: changed})


def test_a_command_of_countless_words_is_cut_short(read: Read) -> None:
    """And the rest is a gap."""
    text = "FROM ollama/ollama:1\nCMD [" + ",".join(['"--model"'] * 20_000) + "]\n"
    _, gaps = read(dockerfile.PARSER, {"Dockerfile": text})
    assert [(gap.line, gap.reason) for gap in gaps] == [(2, "too_large")]

"""Terraform, CloudFormation, Bicep and ARM: managed AI, who may call it, and the models behind variables."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Asset, Facts, Gap, Node, State, Trait
from petguard.parsers import Parser, azure, cloudformation, terraform

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_KEY = "sk-ant-Qz7Lm2Rt9Vb4Xc6Kp1Ws8Yd3Nf5Hg0Jq"


def by_id(facts: Facts) -> dict[str, Node]:
    """The first sighting of every node."""
    found: dict[str, Node] = {}
    for node in facts.nodes:
        found.setdefault(node.id, node)
    return found


def lines(facts: Facts) -> dict[str, int]:
    """Every id with the line where it was seen first."""
    return {key: node.locations[0].line for key, node in by_id(facts).items()}


_AGENT = """\
provider "aws" {
  region = var.region
}
provider "aws" {
  alias  = "frankfurt"
  region = "eu-central-1"
}
locals {
  model = "anthropic.claude-3-haiku-20240307-v1:0"
}
resource "aws_bedrockagent_agent" "support" {
  provider         = aws.frankfurt
  agent_name       = "support"
  foundation_model = local.model
}
resource "aws_bedrockagent_agent" "sales" {
  foundation_model = var.models["sales"].id
}
resource "aws_s3_bucket" "model" {
  bucket = "our-model-v2"
}
"""
_VARIABLES = """\
variable "region" {
  default = "us-east-1"
}
variable "models" {
  default = { sales = { id = "amazon.nova-pro-v1:0" } }
}
"""


def test_a_resource_has_its_address_region_and_model(read: Read) -> None:
    """Through locals, defaults in another file, and the alias of a provider; a bucket is nothing."""
    facts, gaps = read(terraform.PARSER, {"infra/main.tf": _AGENT, "infra/variables.tf": _VARIABLES})
    assert gaps == []
    found = by_id(facts)
    support = found["ai_service:infra#aws_bedrockagent_agent.support"]
    assert (support.name, support.region, support.locations[0].line) == (
        "aws_bedrockagent_agent.support",
        "eu-central-1",
        11,
    )
    assert found["ai_service:infra#aws_bedrockagent_agent.sales"].region == "us-east-1"
    assert lines(facts)["model:amazon.nova-pro-v1:0"] == 17
    assert {node.id for node in facts.nodes if node.asset is Asset.MODEL} == {
        "model:amazon.nova-pro-v1:0",
        "model:anthropic.claude-3-haiku-20240307-v1:0",
    }


def test_modules_of_other_folders_do_not_mix(read: Read) -> None:
    """A variable of one folder says nothing about another."""
    facts, _ = read(terraform.PARSER, {"a/main.tf": _AGENT, "b/variables.tf": _VARIABLES})
    assert "model:amazon.nova-pro-v1:0" not in lines(facts)


_AZURE_TF = """\
resource "azurerm_cognitive_account" "ai" {
  location = "swedencentral"
  kind     = "KIND"
  sku_name = "S0"
}
variable "deployments" {
  default = {
    chat  = { model = "gpt-4o", version = "2024-08-06" }
    embed = { model = "text-embedding-3-large", version = "1" }
  }
}
resource "azurerm_cognitive_deployment" "each" {
  for_each = var.deployments
  model {
    format  = "OpenAI"
    name    = each.value.model
    version = each.value.version
  }
}
"""


def test_each_instance_of_a_resource_counts(read: Read) -> None:
    """Models and versions of a `for_each`."""
    facts, gaps = read(terraform.PARSER, {"main.tf": _AZURE_TF.replace("KIND", "OpenAI")})
    assert gaps == []
    versions = {node.name: node.version for node in facts.nodes if node.asset is Asset.MODEL and node.version}
    assert versions == {"gpt-4o": "2024-08-06", "text-embedding-3-large": "1"}
    account = by_id(facts)["ai_service:#azurerm_cognitive_account.ai"]
    assert (account.region, account.provider) == ("swedencentral", "azure")
    assert account.details == {"kind": "OpenAI", "sku": "S0"}


def test_other_kinds_of_accounts_are_not_openai(read: Read) -> None:
    """Speech is a service of its own, Bing's search is no AI service."""
    facts, _ = read(terraform.PARSER, {"main.tf": _AZURE_TF.replace("KIND", "SpeechServices")})
    assert by_id(facts)["ai_service:#azurerm_cognitive_account.ai"].provider != "azure"
    facts, _ = read(terraform.PARSER, {"main.tf": _AZURE_TF.replace("KIND", "Bing.Search.v7")})
    assert "ai_service:#azurerm_cognitive_account.ai" not in lines(facts)


_RIGHTS = """\
data "aws_iam_policy_document" "call" {
  statement {
    effect  = "EFFECT"
    actions = ["bedrock:InvokeModel"]
    resources = ["arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"]
  }
}
resource "aws_iam_policy" "heredoc" {
  policy = <<EOT
{"Statement": [{"Effect": "EFFECT", "Action": "bedrock:InvokeModel*", "Resource": "*"}]}
EOT
}
resource "aws_iam_policy" "encoded" {
  policy = jsonencode({ Statement = [{ Effect = "EFFECT", Action = ["bedrock:*"] }] })
}
"""


def test_a_right_to_call_is_a_service(read: Read) -> None:
    """In a document, in encoded JSON and in JSON as text; a denial is none."""
    facts, _ = read(terraform.PARSER, {"iam.tf": _RIGHTS.replace("EFFECT", "Allow")})
    places = {node.locations[0].line for node in facts.nodes if node.id == "ai_service:amazon-bedrock"}
    assert places == {4, 5, 9, 14}
    assert by_id(facts)["model:anthropic.claude-3-haiku-20240307-v1:0"].locations[0].line == 5
    assert read(terraform.PARSER, {"iam.tf": _RIGHTS.replace("EFFECT", "Deny")}) == (Facts(), [])


def test_containers_and_variables_in_terraform(read: Read) -> None:
    """Tasks, functions and charts; a literal key is masked."""
    text = f"""\
resource "aws_ecs_task_definition" "llm" {{
  container_definitions = jsonencode([
    {{ name = "llm", image = "ollama/ollama:0.5.4", environment = [{{ name = "OPENAI_API_KEY", value = "{_KEY}" }}] }}
  ])
}}
resource "aws_lambda_function" "ask" {{
  environment {{
    variables = {{
      OPENAI_BASE_URL = "https://openrouter.ai/api/v1"
      LLM_MODEL       = "gpt-4o-mini"
    }}
  }}
}}
resource "helm_release" "store" {{
  chart   = "qdrant"
  version = "1.12.0"
}}
"""
    facts, gaps = read(terraform.PARSER, {"main.tf": text})
    assert gaps == []
    assert lines(facts) == {
        "ai_workload:image/ollama/ollama": 3,
        "credential:OPENAI_API_KEY": 3,
        "ai_service:openrouter": 9,
        "model:gpt-4o-mini": 10,
        "vector_store:chart/qdrant": 15,
    }
    assert Trait.SECRET in by_id(facts)["credential:OPENAI_API_KEY"].traits
    assert _KEY not in facts.model_dump_json()


def test_the_json_form_of_terraform_is_the_same(read: Read) -> None:
    """What tools write."""
    text = json.dumps({"resource": {"aws_bedrockagent_agent": {"a": {"foundation_model": "amazon.nova-pro-v1:0"}}}})
    facts, _ = read(terraform.PARSER, {"cdk.tf.json": text})
    assert set(lines(facts)) == {"ai_service:#aws_bedrockagent_agent.a", "model:amazon.nova-pro-v1:0"}


_STACK = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Model: {Type: String, Default: "amazon.nova-pro-v1:0"}
  Other: {Type: String}
Resources:
  Concierge:
    Type: AWS::Bedrock::Agent
    Properties:
      AgentName: !Sub "${AWS::StackName}-concierge"
      FoundationModel: !Ref Model
  Second:
    Type: AWS::Bedrock::Agent
    Properties: {FoundationModel: !Ref Other}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Image: vllm/vllm-openai:v0.6.4
          Command: [--model, Qwen/Qwen2.5-7B-Instruct]
          Environment: [{Name: MISTRAL_API_KEY, Value: !Ref Other}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - {Effect: Allow, Action: "bedrock:InvokeModel", Resource: "*"}
              - {Effect: Deny, Action: "sagemaker:InvokeEndpoint", Resource: "*"}
"""


def test_a_stack_tells_its_resources(read: Read) -> None:
    """With their own tags, defaults of parameters, containers and rights."""
    facts, gaps = read(cloudformation.PARSER, {"stack.yaml": _STACK})
    assert gaps == []
    assert lines(facts) == {
        "ai_service:stack.yaml#AWS::Bedrock::Agent.Concierge": 6,
        "model:amazon.nova-pro-v1:0": 10,
        "ai_service:stack.yaml#AWS::Bedrock::Agent.Second": 11,
        "ai_workload:image/vllm/vllm-openai": 18,
        "model:Qwen/Qwen2.5-7B-Instruct": 19,
        "credential:MISTRAL_API_KEY": 20,
        "ai_service:amazon-bedrock": 27,
    }


def test_a_stack_in_json_is_the_same(read: Read) -> None:
    """What the CDK writes, with functions for references."""
    agent = {
        "Type": "AWS::Bedrock::Agent",
        "Properties": {"FoundationModel": {"Ref": "Model"}, "X": {"Fn::GetAtt": []}},
    }
    stack = {"Parameters": {"Model": {"Default": "amazon.nova-pro-v1:0"}}, "Resources": {"A": agent}}
    facts, gaps = read(cloudformation.PARSER, {"cdk.out/a.template.json": json.dumps(stack)})
    assert gaps == []
    assert [node.name for node in facts.nodes] == ["AWS::Bedrock::Agent.A", "amazon.nova-pro-v1:0"]


_BICEP = """\
// the account
param location string = 'swedencentral'
@description('which model, e.g. gpt-4')
param modelName string = 'gpt-4o-mini'
var sku = { name: 'S0' }

resource account 'Microsoft.CognitiveServices/accounts@2024-10-01' = if (deploy) {
  name: 'x-${uniqueString(resourceGroup().id)}' /* { */
  location: location
  kind: 'OpenAI'
  sku: sku
}

resource chat 'Microsoft.CognitiveServices/accounts/deployments@2024-10-01' = [for name in names: {
  parent: account
  name: name
  properties: {
    model: {
      format: 'OpenAI'
      name: modelName
      version: '2024-07-18'
    }
  }
}]

resource old 'Microsoft.CognitiveServices/accounts@2024-10-01' existing = {
  name: 'old'
}

resource store 'Microsoft.Storage/storageAccounts@2023-01-01' = {
  kind: 'StorageV2'
}

resource app 'Microsoft.Web/sites@2023-01-01' = {
  properties: {
    siteConfig: {
      appSettings: [
        { name: 'OPENAI_API_KEY', value: '@Microsoft.KeyVault(x)' }
      ]
    }
  }
}
"""


def test_a_bicep_file_tells_its_resources(read: Read) -> None:
    """Conditions, loops, comments and variables; what exists elsewhere and a storage account are nothing."""
    facts, gaps = read(azure.PARSER, {"main.bicep": _BICEP})
    assert gaps == []
    account = "ai_service:main.bicep#Microsoft.CognitiveServices/accounts.account"
    assert lines(facts) == {
        account: 7,
        "ai_service:main.bicep#Microsoft.CognitiveServices/accounts/deployments.chat": 14,
        "model:gpt-4o-mini": 4,
        "credential:OPENAI_API_KEY": 38,
    }
    assert [node.locations[0].line for node in facts.nodes if node.asset is Asset.MODEL] == [4, 20]
    assert (by_id(facts)[account].region, by_id(facts)[account].details) == (
        "swedencentral",
        {"kind": "OpenAI", "sku": "S0"},
    )


def test_an_arm_template_tells_its_resources(read: Read) -> None:
    """Parameters, resources inside resources, and a compiled file beside its source is not read again."""
    model = {"format": "OpenAI", "name": "[parameters('model')]", "version": "1"}
    child = {"type": "deployments", "name": "chat", "properties": {"model": model}}
    account = {"type": "Microsoft.CognitiveServices/accounts", "name": "ai", "kind": "OpenAI", "resources": [child]}
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "metadata": {"_generator": {"name": "bicep"}},
        "parameters": {"model": {"defaultValue": "gpt-4o"}},
        "resources": [account],
    }
    text = json.dumps(template)
    facts, gaps = read(azure.PARSER, {"main.json": text})
    assert gaps == []
    assert [node.name for node in facts.nodes] == [
        "Microsoft.CognitiveServices/accounts.ai",
        "gpt-4o",
        "Microsoft.CognitiveServices/accounts/deployments.chat",
        "gpt-4o",
    ]
    assert read(azure.PARSER, {"main.json": text, "main.bicep": "module a 'a.bicep' = {}\n"})[0] == Facts()


@pytest.mark.parametrize(
    ("parser", "path", "text"),
    [
        (terraform.PARSER, "vpc.tf", 'resource "aws_vpc" "main" {\n  cidr_block = var.cidr\n}\n# bedrock: none\n'),
        (terraform.PARSER, "ec2.tf", 'resource "aws_instance" "a" {\n  tags = { model = "t3-2024" }\n} # bedrock:\n'),
        (cloudformation.PARSER, "s3.yaml", "Resources:\n  B: {Type: AWS::S3::Bucket}\n# bedrock:\n"),
        (azure.PARSER, "a.bicep", "// Microsoft.CognitiveServices/accounts\nvar model = 'T4'\n"),
    ],
)
def test_what_has_nothing_to_do_with_ai_is_not_listed(read: Read, parser: Parser, path: str, text: str) -> None:
    """Mentions in comments, machines with a model in their tags."""
    assert read(parser, {path: text}) == (Facts(), [])


@pytest.mark.parametrize(
    ("parser", "path", "text", "state"),
    [
        (terraform.PARSER, "a.tf", 'resource "aws_bedrockagent_agent" "a" {\n  x = {\n', State.PARTIAL),
        (terraform.PARSER, "a.tf", "# bedrock:\nx = " + "[" * 300 + "]" * 300, State.FAILED),
        (terraform.PARSER, "a.tf.json", '{"bedrock:', State.FAILED),
        (cloudformation.PARSER, "a.yaml", "AWSTemplateFormatVersion: [\n# bedrock:", State.FAILED),
        (
            cloudformation.PARSER,
            "a.yaml",
            "AWSTemplateFormatVersion: x\nResources: [bedrock:x]",
            State.PARTIAL,
        ),
        (
            azure.PARSER,
            "a.json",
            '{"$schema": "deploymentTemplate.json", "bedrock:',
            State.FAILED,
        ),
        (azure.PARSER, "a.bicep", "// bedrock:\nvar x = " + "[" * 300, State.FAILED),
    ],
)
def test_a_bad_file_is_a_gap(read: Read, parser: Parser, path: str, text: str, state: State) -> None:
    """Cut off, too deep, or of the wrong type; never a crash and never silence."""
    _, gaps = read(parser, {path: text})
    assert [(gap.path, gap.state) for gap in gaps] == [(path, state)]


@given(st.data())
def test_any_cut_of_any_file_is_read_without_a_crash(read: Read, data: st.DataObject) -> None:
    """And so is one in which two characters changed."""
    parser, path, text = data.draw(
        st.sampled_from(
            [
                (terraform.PARSER, "main.tf", _AGENT + _AZURE_TF + _RIGHTS),
                (cloudformation.PARSER, "a.yaml", _STACK),
                (azure.PARSER, "main.bicep", _BICEP),
            ]
        )
    )
    end, at = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))
    read(parser, {path: text[:at] + data.draw(st.text(max_size=2)) + text[at:end]})


@pytest.mark.parametrize(
    ("parser", "path", "text"),
    [
        (azure.PARSER, "a.bicep", "// bedrock:\n" + "var a = {\n" * 20_000),
        (azure.PARSER, "a.bicep", "// bedrock:\nvar a = " + "/*" * 100_000),
        (azure.PARSER, "a.bicep", "// bedrock:\n" + "".join(f"var a{n} = [{f'a{n + 1} ' * 9}]\n" for n in range(30))),
        (
            terraform.PARSER,
            "a.tf",
            "# bedrock:\n" + "".join(f"locals {{ a{n} = [local.a{n + 1}] }}\n" for n in range(99)),
        ),
        (
            terraform.PARSER,
            "a.tf",
            '# bedrock:\nresource "x" "y" { a = local.a }\nlocals { a = "${local.a}${local.a}" }\n',
        ),
    ],
)
def test_a_hostile_file_does_not_stall_the_scan(read: Read, parser: Parser, path: str, text: str) -> None:
    """What is never closed, and references that lead to themselves or to ever more."""
    assert read(parser, {path: text})[0] == Facts()

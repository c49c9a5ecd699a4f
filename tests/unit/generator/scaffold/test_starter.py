"""The files of a new workflow: lint finds nothing, and each says what it should."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
import yaml

from generator.contracts.json_schema import JsonSchema
from generator.mocks.run_inputs import made_input
from generator.scaffold.authentication import FIELD
from generator.scaffold.operations import make_service
from generator.scaffold.starter import INPUT, LAYOUTS, TYPES, NewWorkflow, result_schema, workflow_files
from tests.conftest import ROOT
from tests.unit.generator.scaffold.folders import faults, read

SPEC = b"""\
openapi: 3.0.3
info: {title: Pets, version: "1"}
servers: [{url: "https://pets.example.com/v1"}]
security: [{token: []}]
paths:
  /pets:
    get:
      operationId: listPets
      parameters: [{name: X-Trace, in: header, schema: {type: string}}]
      responses: {"200": {description: ok, content: {application/json: {schema: {type: array, items: {type: string}}}}}}
    post:
      operationId: addPet
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
      responses: {"201": {description: ok}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
  schemas:
    Pet:
      type: object
      required: [name]
      properties: {name: {type: string, example: Rex}, tag: {type: string}, id: {type: string, readOnly: true}}
"""


def wanted(**fields: Any) -> NewWorkflow:
    return NewWorkflow(**{"name": "order-tea", **fields})


def text(files: dict[str, bytes], ending: str) -> str:
    [found] = [data for path, data in files.items() if path.endswith(ending)]
    return found.decode()


@pytest.mark.parametrize(
    ("type_", "layout", "auth", "called"),
    list(itertools.product(TYPES, LAYOUTS, (False, True), ((), ("listPets", "addPet")))),
)
def test_lint_finds_nothing_in_any_new_workflow(
    type_: Any, layout: Any, *, auth: bool, called: tuple[str, ...]
) -> None:
    service = make_service(SPEC, "pets.yaml", called) if called else None
    one = wanted(type=type_, layout=layout, auth=auth, service=service, backstage=True)
    assert faults(one) == []
    files = workflow_files(one)
    assert list(files) == sorted(files)
    assert files == workflow_files(one)


def test_the_test_input_is_the_one_that_a_run_makes_and_fits_the_schema() -> None:
    one = wanted(service=make_service(SPEC, "pets.yaml", ["addPet"]))
    files = workflow_files(one)
    made = made_input(read(one))
    assert json.loads(files[INPUT]) == made.value == {"name": "Rex"}
    assert made.findings == ()


def test_a_quarkus_project_has_its_resources_in_src_main_resources() -> None:
    paths = set(workflow_files(wanted(layout="quarkus", auth=True, backstage=True)))
    beside = {path for path in paths if not path.startswith("src/main/resources/")}
    assert {path.split("/")[0] for path in beside} == {"README.md", "argfile.conf", "backstage", "tests"}
    assert "src/main/resources/secret.properties" in paths


def test_an_assessment_hands_back_what_can_be_run_next() -> None:
    files = workflow_files(wanted(type="assessment"))
    definition = yaml.safe_load(text(files, ".sw.yaml"))
    assert definition["annotations"] == ["workflow-type/assessment"]
    assert "nextWorkflows: []" in definition["functions"][0]["operation"]
    schema = json.loads(text(files, "workflow-output-schema.json"))
    assert schema["required"] == ["result", "workflowOptions"]


def test_the_schema_of_results_is_the_one_that_our_workflows_share() -> None:
    ours = (ROOT / "workflows/shared/schemas/workflow-result-schema.json").read_bytes()
    assert result_schema() == ours
    assert not [path for path in workflow_files(wanted(shared_result=True)) if path.endswith("result-schema.json")]


def test_a_call_takes_its_arguments_from_the_input_and_tells_what_it_leaves_out() -> None:
    files = workflow_files(wanted(service=make_service(SPEC, "pets.yaml", ["listPets", "addPet"])))
    written = text(files, ".sw.yaml")
    definition = yaml.safe_load(written)
    calls = [one["actions"][0]["functionRef"].get("arguments") for one in definition["states"][:2]]
    assert calls == [{"X-Trace": ".xTrace"}, {"name": ".name"}]
    assert "# The body also takes: tag." in written
    schema = json.loads(text(files, "order-tea-input-schema.json"))
    assert (list(schema["properties"]), schema["required"]) == (["xTrace", "name"], ["name"])
    assert files["specs/pets.yaml"] == SPEC


def scheme(text: str) -> bytes:
    return SPEC.replace(b"{type: http, scheme: bearer}", text.encode())


@pytest.mark.parametrize(
    ("declared", "lines", "secrets"),
    [
        (
            "{type: http, scheme: basic}",
            ["token.username=${PETS_USERNAME}", "token.password=${PETS_PASSWORD}"],
            ["PETS_PASSWORD"],
        ),
        ("{type: http, scheme: bearer}", ["token.bearer-token=${PETS_TOKEN}"], ["PETS_TOKEN"]),
        ("{type: apiKey, in: header, name: X-Key}", ["token.api-key=${PETS_API_KEY}"], ["PETS_API_KEY"]),
        (
            '{type: oauth2, flows: {clientCredentials: {tokenUrl: "https://sso.example.com/token", scopes: {}}}}',
            ["quarkus.oidc-client.token.client-id=${PETS_CLIENT_ID}", "quarkus.oidc-client.token.grant.type=client"],
            ["PETS_CLIENT_SECRET"],
        ),
        ("{type: openIdConnect, openIdConnectUrl: 'https://sso.example.com'}", [], []),
    ],
)
def test_each_security_scheme_gets_its_credentials(declared: str, lines: list[str], secrets: list[str]) -> None:
    one = wanted(service=make_service(scheme(declared), "pets.yaml", ["listPets"]))
    files = workflow_files(one)
    for line in lines:
        assert line in text(files, "application.properties")
    found = [line for line in files.get("secret.properties", b"").decode().splitlines() if not line.startswith("#")]
    assert found == [f"{secret}=" for secret in secrets]
    assert ("oidc-client" in text(files, "argfile.conf")) == ("oauth2" in declared)
    assert faults(one) == []


def test_with_auth_calls_carry_the_token_of_who_started_the_run() -> None:
    files = workflow_files(wanted(auth=True, service=make_service(SPEC, "pets.yaml", ["listPets"])))
    properties = text(files, "application.properties")
    assert "quarkus.openapi-generator.pets_yaml.auth.token.token-propagation=true" in properties
    assert "quarkus.openapi-generator.pets_yaml.auth.token.header-name=X-Authorization-Oidc" in properties
    assert "bearer-token" not in properties
    assert "io.quarkus:quarkus-oidc,io.quarkus:quarkus-oidc-client," in text(files, "argfile.conf")
    schema = json.loads(text(files, "order-tea-input-schema.json"))
    assert schema["properties"][FIELD]["ui:widget"] == "AuthRequester"
    assert FIELD not in schema.get("required", [])


def test_what_developer_hub_reads_names_the_workflow_and_asks_for_its_input() -> None:
    files = workflow_files(wanted(backstage=True, auth=True))
    component, location = yaml.safe_load_all(text(files, "catalog-info.yaml"))
    assert json.loads(component["metadata"]["annotations"]["orchestrator.io/workflows"]) == ["order-tea"]
    assert location["spec"]["targets"] == ["./template.yaml"]
    template = yaml.safe_load(text(files, "template.yaml"))
    [step] = template["spec"]["steps"]
    assert (step["action"], step["input"]["workflow_id"]) == ("orchestrator:workflow:run", "order-tea")
    assert set(step["input"]) == {"workflow_id", "target_entity", "parameters"}
    [page] = template["spec"]["parameters"]
    assert (list(page["properties"]), page["required"]) == (["name"], ["name"])
    policy = text(files, "rbac-policy.csv")
    assert "orchestrator.workflow.order-tea, read, allow" in policy
    assert "orchestrator.workflow.use.order-tea, update, allow" in policy
    condition = yaml.safe_load(text(files, "rbac-conditional-policies.yaml"))
    assert condition["conditions"]["params"] == {"workflowIds": ["order-tea"]}


def test_a_form_asks_for_nothing_that_does_not_fit_itself() -> None:
    spec = SPEC.replace(b"example: Rex", b"example: 5, default: [], minLength: -1, enum: [a, 2, a]")
    files = workflow_files(wanted(service=make_service(spec, "pets.yaml", ["addPet"])))
    name = json.loads(text(files, "order-tea-input-schema.json"))["properties"]["name"]
    assert {key: name[key] for key in name if key not in ("title", "description")} == {"type": "string", "enum": ["a"]}
    assert JsonSchema(content=name, document=name).fits("a")


@pytest.mark.parametrize("name", ["true", "null", "class", "new", "object", "a", "x--y", "e5", "a" * 53, "process"])
def test_lint_finds_nothing_whatever_the_name(name: str) -> None:
    assert faults(wanted(name=name, type="assessment")) == []

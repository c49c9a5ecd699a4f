"""`waybill import` of a made-up repository: what moves, what goes, what is left, and what may be wrong with one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import Waybill
from tests.conftest import Helm, HelmRefusal
from tests.git_server import PASSWORD, git_server
from tests.m2k_function import git, git_over_ssh

DEFINITION = """\
id: order
version: "1.0"
specVersion: "0.8"
name: Order
description: Takes an order.
start: Take
dataInputSchema: schemas/input.json
functions:
  - {name: print, type: custom, operation: sysout}
states:
  - name: Take
    type: operation
    actions:
      - functionRef: {refName: print, arguments: {message: .item}}
    end: true
"""
SCHEMA = json.dumps({"type": "object", "title": "Order", "properties": {"item": {"type": "string", "title": "Item"}}})
RESULT = json.dumps({"type": "object", "title": "Result", "properties": {}})
SONATAFLOW = """\
apiVersion: sonataflow.org/v1alpha08
kind: SonataFlow
metadata:
  name: order
spec:
  flow:
    start: {stateName: Take}
  podTemplate:
    container:
      image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
      env:
        - {name: LIMIT, value: "5"}
"""
TRIGGER = """\
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: order-placed
  labels:
    {{- include "order.labels" . | nindent 4 }}
spec:
  broker: {{ .Values.broker.name }}
"""
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: order\nversion: 1.4.2\nappVersion: '7'\nmaintainers: [{name: Ann}]\n",
    "values.yaml": (
        "# The Broker.\nbroker:\n  name: default\n# Where the image is.\nimage:\n  repository: q.example.com/order\n"
        "  tag: v1\n# Variables of the adapter.\nenv:\n  level: INFO\n"
    ),
    "values.schema.json": json.dumps(
        {"type": "object", "required": ["broker"], "properties": {"broker": {"type": "object"}, "env": {}}}
    ),
    "README.md": "# Order\n\nAsk Ann.\n\n## Install\n",
    ".helmignore": "*.swp\n",
    "dashboards/order.json": '{"title": "Orders"}\n',
    "INSTALL.md": "Run helm.\n",
    "templates/_helpers.tpl": (
        '{{- define "order.labels" -}}\nteam: sales\n{{- end }}\n{{ define "port" }}8080{{ end }}\n'
    ),
    "templates/NOTES.txt": "Orders go to {{ .Values.broker.name }}.\n",
    "templates/01-configmap_order-props.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: order-props\ndata:\n  application.properties: |\n"
        "    quarkus.log.level=DEBUG\n"
    ),
    "templates/02-configmap_01-order-resources-schemas.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 01-order-resources-schemas}\ndata:\n  input.json: '{}'\n"
        "  old.json: '{}'\n"
    ),
    "templates/03-secret_order-creds.yaml": (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: order-creds\ndata:\n  SHOP_TOKEN: aHVudGVyMg==\n"
    ),
    "templates/workflow.yaml": f"{SONATAFLOW}---\n{TRIGGER}",
    "templates/resources.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Chart.Name }}-dashboard\ndata:\n"
        '  order.json: {{ .Files.Get "dashboards/order.json" | toJson }}\n'
    ),
    "templates/adapter.yaml": (
        "{{- if .Values.env }}\napiVersion: v1\nkind: Service\nmetadata:\n  name: adapter\n"
        "  annotations:\n    level: {{ .Values.env.level | quote }}\nspec:\n  ports:\n"
        '    - port: {{ include "port" . }}\n{{- end }}\n'
    ),
}
WORKFLOW = {
    "order.sw.yaml": DEFINITION,
    "schemas/input.json": SCHEMA,
    "application.properties": "quarkus.log.level=INFO\n",
    "secret.properties": "SHOP_TOKEN=\n",
}
QUARKUS = {
    "src/main/resources/refund.sw.yaml": DEFINITION.replace("order", "refund"),
    "src/main/resources/schemas/input.json": SCHEMA,
    "src/main/java/com/example/Refund.java": "class Refund {}\n",
    "mvnw": "#!/bin/sh\n",
}
MAKEFILE = "REGISTRY ?= q.example.com\nREGISTRY_REPO ?= shop\nIMAGE_PREFIX ?= flow\nIMAGE = $(REGISTRY)/x\n"


def repository_files() -> dict[str, str]:
    return {
        **{f"workflows/order/{path}": text for path, text in WORKFLOW.items()},
        **{f"workflows/refund/{path}": text for path, text in QUARKUS.items()},
        "workflows/shared/schemas/result.json": RESULT,
        **{f"deploy/charts/order/{path}": text for path, text in CHART.items()},
        "Makefile": MAKEFILE,
    }


def write(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    if (mvnw := folder / "workflows/refund/mvnw").is_file():
        mvnw.chmod(0o755)
    return folder


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return write(tmp_path / "theirs", repository_files())


def imported(waybill: Waybill, *words: str | Path, code: int = 0) -> dict[str, dict[str, Any]]:
    done = waybill("import", *words, "--json")
    assert done.code == code, done.err
    return {each["name"]: each for each in done.json["workflows"]}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_both_layouts_come_over_with_their_modes(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    found = imported(waybill, theirs)
    assert {name: each["state"] for name, each in found.items()} == {"order": "imported", "refund": "imported"}
    assert contents(tmp_path / "workflows/refund") == contents(theirs / "workflows/refund")
    assert (tmp_path / "workflows/refund/mvnw").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "workflows/refund/src/main/java/com/example/Refund.java").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "workflows/shared/schemas/result.json").read_text() == RESULT
    done = waybill("build", "--all", "--json")
    assert done.code == 0, done.err
    assert {chart["state"] for chart in done.json["charts"]} == {"unchanged"}


def test_what_people_wrote_moves_and_what_a_build_makes_goes(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    order = imported(waybill, theirs)["order"]
    assert {move["path"]: move["to"] for move in order["moved"]} == {
        "templates/_helpers.tpl": "chart/templates/_helpers.tpl",
        "templates/NOTES.txt": "chart/templates/NOTES.txt",
        "templates/adapter.yaml": "chart/templates/adapter.yaml",
        "templates/resources.yaml": "chart/templates/own-resources.yaml",
        "templates/workflow.yaml": "chart/templates/workflow.yaml",
        "values.yaml": "chart/values.yaml",
        "values.schema.json": "chart/values.schema.json",
        "dashboards/order.json": "chart/files/own/dashboards/order.json",
        "README.md": "chart/README.md",
    }
    assert {said["path"] for said in order["made_anyway"]} == {
        "Chart.yaml",
        ".helmignore",
        "templates/01-configmap_order-props.yaml",
        "templates/02-configmap_01-order-resources-schemas.yaml",
        "templates/03-secret_order-creds.yaml",
        "templates/workflow.yaml",
        "values.yaml",
    }
    assert {said["path"] for said in order["left"]} == {"Chart.yaml", "INSTALL.md"}
    assert order["by_hand"] == []
    assert "kind: SonataFlow" not in (tmp_path / "workflows/order/chart/templates/workflow.yaml").read_text()


def test_what_moved_renders_as_before(theirs: Path, waybill: Waybill, tmp_path: Path, helm: Helm) -> None:
    given = {"requireEnv": False, "secret": {"data": {"SHOP_TOKEN": "t"}}}
    before = {
        (each["kind"], each["metadata"]["name"]): each for each in helm.render(theirs / "deploy/charts/order", {})
    }
    imported(waybill, theirs)
    chart = tmp_path / "charts/workflows/charts/order"
    after = {(each["kind"], each["metadata"]["name"]): each for each in helm.render(chart, given)}
    written = {("Trigger", "order-placed"), ("ConfigMap", "order-dashboard"), ("Service", "adapter")}
    assert {key: after[key] for key in written} == {key: before[key] for key in written}
    assert before.keys() - after.keys() == {("Secret", "order-creds")}
    assert helm.lint(chart, given) == []
    with pytest.raises(HelmRefusal, match="broker"):
        helm.render(chart, {**given, "broker": None})


def test_a_chart_that_waybill_made_only_gives_its_version(theirs: Path, waybill: Waybill) -> None:
    about = f"{CHART['Chart.yaml']}annotations: {{waybill/folder: order}}\n"
    (theirs / "deploy/charts/order/Chart.yaml").write_text(about)
    order = imported(waybill, theirs, "order")["order"]
    assert (order["version"], order["moved"]) == ("1.5.0", [])


def test_values_with_taken_names_move_below_a_key_of_their_own(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    order = imported(waybill, theirs)["order"]
    text = (tmp_path / "workflows/order/chart/values.yaml").read_text()
    assert (
        text
        == "# The Broker.\nbroker:\n  name: default\nown:\n  # Variables of the adapter.\n  env:\n    level: INFO\n"
    )
    assert {"path": "values.yaml", "why": "'env' is 'own.env' now: the chart has a value of that name"} in order[
        "notes"
    ]
    assert [said["why"] for said in order["made_anyway"] if said["path"] == "values.yaml"] == [
        "'image': the generated chart has a value of that name, and no remaining template uses this one"
    ]


def test_what_the_chart_says_otherwise_than_the_folder_is_told_without_its_value(
    theirs: Path, waybill: Waybill
) -> None:
    done = waybill("import", theirs)
    assert (
        "its application.properties differs from the folder's in quarkus.log.level; give that as the value" in done.err
    )
    assert "contains schemas/old.json, which the workflow's folder does not" in done.err
    assert "its schemas/input.json differs from the workflow's folder" in done.err
    assert "the Secret order-creds has a value for SHOP_TOKEN; give it as secret.data" in done.err
    assert "its container sets LIMIT; set them as env" in done.err
    assert "hunter2" not in done.err + done.out
    assert "aHVudGVyMg" not in done.err + done.out


def test_the_notes_and_the_readme_are_a_part_of_the_chart_s(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    imported(waybill, theirs)
    chart = tmp_path / "charts/workflows/charts/order"
    assert (chart / "templates/NOTES.txt").read_text().endswith("\nOrders go to {{ .Values.broker.name }}.\n")
    assert (chart / "README.md").read_text().endswith("## Order\n\nAsk Ann.\n\n### Install\n")


def test_the_version_goes_on_and_has_a_row(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    found = imported(waybill, theirs)
    assert (found["order"]["hand_made_version"], found["order"]["version"]) == ("1.4.2", "1.5.0")
    assert found["refund"]["version"] == "0.1.0"
    rows = yaml.safe_load((tmp_path / "compatibility.yaml").read_text())["rows"]
    assert {(*row["charts"], row["versions"]) for row in rows} == {
        ("order", ">=1.5.0 <2.0.0"),
        ("refund", "workflows", "0.x"),
    }


def test_the_row_is_for_the_hand_made_version_too_where_the_operator_takes_it(theirs: Path, waybill: Waybill) -> None:
    chart = theirs / "deploy/charts/order/templates"
    done = waybill("manifests", theirs / "workflows/order", "-o", theirs / "made", "--image", "q.example.com/order:v1")
    assert done.code == 0, done.err
    (chart / "workflow.yaml").write_text((theirs / "made/03-sonataflow_order.yaml").read_text())
    done = waybill("import", theirs, "order", "--json")
    assert [(row["charts"], row["versions"]) for row in done.json["rows"]] == [
        (["order"], ">=1.4.2 <2.0.0"),
        (["workflows"], "0.x"),
    ]


def test_a_workflow_without_a_chart_gets_no_row(theirs: Path, waybill: Waybill) -> None:
    (theirs / "workflows/order").rename(theirs / "workflows/global")
    done = waybill("import", theirs, "--json")
    assert {each["name"]: each["state"] for each in done.json["workflows"]} == {
        "global": "left out",
        "refund": "imported",
    }
    assert [row["charts"] for row in done.json["rows"]] == [["refund", "workflows"]]


def test_rows_go_to_the_end_of_a_file_that_keeps_its_text(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    text = "# Ours.\nrows:\n- charts: [mine]  # first\n  versions: 1.x\n  sonataflow: 10.x\n"
    (tmp_path / "compatibility.yaml").write_text(text)
    imported(waybill, theirs, "order")
    written = (tmp_path / "compatibility.yaml").read_text()
    assert written.startswith(text)
    assert len(yaml.safe_load(written)["rows"]) == 3


def test_a_row_that_cannot_be_added_is_shown(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    text = "rows: [{charts: [mine], versions: 1.x, sonataflow: 10.x}]\n"
    (tmp_path / "compatibility.yaml").write_text(text)
    done = waybill("import", theirs, "order")
    assert done.code == 0, done.err
    assert (tmp_path / "compatibility.yaml").read_text() == text
    _, _, row = done.err.partition("add this to `rows`:\n")
    assert row.split()[:6] == ["-", "charts:", "-", "order", "versions:", '">=1.5.0']


def test_the_makefile_s_names_of_images_are_told(theirs: Path, waybill: Waybill) -> None:
    done = waybill("import", theirs, "--dry-run")
    assert "set registry in the settings" in done.err
    assert "its images have the registry 'q.example.com/shop'" in done.err
    assert "its images have the image_prefix 'flow-'" in done.err


def test_a_dry_run_writes_nothing(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    done = waybill("import", theirs, "--dry-run")
    assert done.code == 0
    assert "2 workflows would be imported" in done.err
    assert {path.name for path in tmp_path.iterdir()} <= {"theirs", ".cache"}


def test_a_second_run_changes_nothing_and_a_half_one_is_finished(
    theirs: Path, waybill: Waybill, tmp_path: Path
) -> None:
    imported(waybill, theirs, "order")
    before = contents(tmp_path)
    assert imported(waybill, theirs, "order")["order"]["state"] == "unchanged"
    assert contents(tmp_path) == before
    found = imported(waybill, theirs)
    assert {name: each["state"] for name, each in found.items()} == {"order": "unchanged", "refund": "imported"}
    assert {path: contents(tmp_path)[path] for path in before if path.startswith("workflows/order")} == {
        path: data for path, data in before.items() if path.startswith("workflows/order")
    }


def test_what_is_here_is_never_overwritten(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    write(tmp_path, {"workflows/order/order.sw.yaml": DEFINITION.replace("Takes", "Took")})
    before = contents(tmp_path / "workflows/order")
    order = imported(waybill, theirs, code=1)["order"]
    [why] = order["problems"]
    assert why == "workflows/order is here with other content ('order.sw.yaml'); rename one of the folders"
    assert contents(tmp_path / "workflows/order") == before
    assert (tmp_path / "workflows/refund").is_dir()


def test_a_repository_adopts_its_own_charts(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    shutil.copytree(theirs, tmp_path / "same")
    done = waybill("import", ".", "--json", cwd=tmp_path / "same")
    assert done.code == 0, done.err
    assert {each["state"] for each in done.json["workflows"]} == {"imported"}
    assert (tmp_path / "same/workflows/order/chart/values.yaml").is_file()
    assert contents(tmp_path / "same/deploy") == contents(theirs / "deploy")


def test_a_clash_of_shared_files_leaves_out_who_uses_them(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    schema = SCHEMA.replace('"title": "Order"', '"title": "Order", "x": {"$ref": "../shared/schemas/result.json"}')
    (theirs / "workflows/order/schemas/input.json").write_text(schema)
    write(tmp_path, {"workflows/shared/schemas/result.json": "{}"})
    found = imported(waybill, theirs, code=1)
    assert found["order"]["problems"] == [
        "uses 'workflows/shared/schemas/result.json', which is here with other content; rename it there or here"
    ]
    assert found["refund"]["state"] == "imported"
    assert (tmp_path / "workflows/shared/schemas/result.json").read_text() == "{}"


def test_a_name_that_is_not_there_has_a_nearest_one(theirs: Path, waybill: Waybill) -> None:
    done = waybill("import", theirs, "oder")
    assert done.code == 2
    assert "has no workflow 'oder'; did you mean 'order'?" in done.err


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere", "nowhere: does not exist; name a folder, or a git URL such as https://HOST/REPO.git#BRANCH"),
        ("theirs/Makefile", "theirs/Makefile: is a file; name a folder"),
        ("ftp://example.com/a", "'ftp' is not read; write a URL that begins with https, ssh, file"),
        ("ext::sh -c id", "ext::sh -c id: does not exist"),
        ("https://user:hunter2@example.com/a.git", "the URL holds a credential; set WAYBILL_GIT_TOKEN"),
        ("theirs/deploy", "theirs/deploy: contains no workflow: no folder with a definition"),
    ],
)
def test_what_cannot_be_imported_is_refused(source: str, message: str, theirs: Path, waybill: Waybill) -> None:  # noqa: ARG001 - it must be there
    done = waybill("import", source)
    assert done.code == 2
    assert message in done.err
    assert "hunter2" not in done.err


def test_charts_in_another_place_are_named(theirs: Path, waybill: Waybill) -> None:
    shutil.copytree(theirs / "deploy/charts/order", theirs / "old/order")
    order = imported(waybill, theirs, "order", code=1)["order"]
    assert order["problems"] == [
        "the charts deploy/charts/order and old/order install it; name the right one with --their-charts"
    ]
    assert imported(waybill, theirs, "order", "--their-charts", "old")["order"]["hand_made_chart"] == "old/order"
    done = waybill("import", theirs, "--their-charts", "none")
    assert (done.code, "has no folder 'none' with charts" in done.err) == (2, True)


def test_a_chart_of_no_workflow_is_named_and_stays(theirs: Path, waybill: Waybill) -> None:
    write(theirs, {"deploy/charts/infra/Chart.yaml": "apiVersion: v2\nname: infra\nversion: 1.0.0\n"})
    said = "the chart deploy/charts/infra installs none of the workflows; it stays there"
    assert said in waybill("import", theirs, "--dry-run").err
    assert said not in waybill("import", theirs, "refund", "--dry-run").err
    (theirs / "deploy/charts/infra").rename(theirs / "charts")
    assert "the chart charts installs none of the workflows" in waybill("import", theirs, "--dry-run").err


def test_a_chart_of_an_umbrella_belongs_to_its_workflow(theirs: Path, waybill: Waybill) -> None:
    (theirs / "deploy/charts").rename(theirs / "deploy/all")
    (theirs / "deploy/charts").mkdir()
    (theirs / "deploy/all").rename(theirs / "deploy/charts/charts")
    write(theirs, {"deploy/charts/Chart.yaml": "apiVersion: v2\nname: all\nversion: 1.0.0\n"})
    order = imported(waybill, theirs, "order")["order"]
    assert (order["hand_made_chart"], len(order["moved"])) == ("deploy/charts/charts/order", 9)


def test_a_repository_of_waybill_s_goes_on_with_its_versions(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    shutil.copytree(theirs / "workflows", tmp_path / "built/workflows")
    assert waybill("build", "--all", "--initial-version", "3.1.0", cwd=tmp_path / "built").code == 0
    found = imported(waybill, tmp_path / "built")
    assert {name: (each["version"], each["moved"]) for name, each in found.items()} == {
        "order": ("3.2.0", []),
        "refund": ("3.2.0", []),
    }


def test_a_chart_in_the_workflow_s_folder_is_taken_apart(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    (theirs / "deploy/charts/order").rename(theirs / "workflows/order/chart")
    order = imported(waybill, theirs, "order")["order"]
    assert (order["hand_made_chart"], len(order["moved"])) == ("workflows/order/chart", 9)
    assert not (tmp_path / "workflows/order/chart/Chart.yaml").exists()
    assert (tmp_path / "workflows/order/chart/templates/adapter.yaml").is_file()


def test_a_chart_that_depends_on_others_needs_a_hand(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    chart = theirs / "deploy/charts/order"
    text = "dependencies: [{name: kafka, version: 1.x, repository: 'https://charts.example.com'}]\n"
    (chart / "Chart.yaml").write_text(CHART["Chart.yaml"] + text)
    write(chart, {"charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\n"})
    order = imported(waybill, theirs, "order", code=1)["order"]
    assert order["state"] == "imported"
    assert order["by_hand"] == [
        {"path": "Chart.yaml", "why": "depends on the chart kafka; install that as a release of its own"},
        {"path": "charts/redis", "why": "a chart in this chart; install it as a release of its own"},
    ]
    assert (tmp_path / "workflows/order").is_dir()


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        (
            "templates/both.yaml",
            f"{{{{- if .Values.broker }}}}\n{SONATAFLOW}---\n{TRIGGER}{{{{- end }}}}\n",
            "holds the SonataFlow order in one block with other objects; move those to a file of their own",
        ),
        ("templates/all.yaml", "{{ toYaml .Values }}\n", "uses values that the chart has for itself (env, image)"),
        (
            "templates/files.yaml",
            "x: {{ .Files.Get .Values.broker.name }}\n",
            "reads files whose names are put together; name each in quotes after .Files.Get",
        ),
        (
            "templates/other.yaml",
            SONATAFLOW.replace("name: order\n", "name: second\n"),
            "installs the SonataFlow second, and the definition's id is order",
        ),
    ],
)
def test_a_template_that_cannot_be_told_apart_needs_a_hand(
    path: str, text: str, why: str, theirs: Path, waybill: Waybill, tmp_path: Path
) -> None:
    write(theirs / "deploy/charts/order", {path: text})
    order = imported(waybill, theirs, "order", code=1)["order"]
    assert order["state"] == "imported"
    [reason] = [said["why"] for said in order["by_hand"] if said["path"] == path]
    assert reason.startswith(why)
    assert not (tmp_path / "workflows/order/chart" / path).exists()


def test_a_chart_folder_of_the_workflow_s_own_stays(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    own = {"workflows/order/chart/templates/adapter.yaml": "# Mine.\n", "workflows/order/chart/README.md": "Mine.\n"}
    write(theirs, own)
    order = imported(waybill, theirs, "order", code=1)["order"]
    assert {said["path"] for said in order["by_hand"]} == {"templates/adapter.yaml", "README.md"}
    assert (tmp_path / "workflows/order/chart/README.md").read_text() == "Mine.\n"


def test_a_template_s_new_name_is_none_of_another_one(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    write(theirs / "deploy/charts/order", {"templates/own-resources.yaml": "a: 1\n"})
    imported(waybill, theirs, "order")
    templates = tmp_path / "workflows/order/chart/templates"
    assert (templates / "own-resources.yaml").read_text() == "a: 1\n"
    assert "dashboard" in (templates / "own-own-resources.yaml").read_text()


def test_fix_fixes_what_has_one_right_fix(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    (theirs / "workflows/order/order.sw.yaml").write_text(DEFINITION.replace("refName: print", "refName: pint"))
    order = imported(waybill, theirs, "order", code=1)["order"]
    assert order["state"] == "left out"
    assert not (tmp_path / "workflows").exists()
    assert "next   waybill import " in waybill("import", theirs, "order").err
    order = imported(waybill, theirs, "order", "--fix")["order"]
    assert (order["state"], len(order["fixed"])) == ("imported", 1)
    assert (tmp_path / "workflows/order/order.sw.yaml").read_text() == DEFINITION


def test_links_that_lead_out_leave_a_workflow_out(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    (theirs / "workflows/order/out.md").symlink_to("../../../secret.txt")
    (theirs / "workflows/order/absolute.md").symlink_to(secret)
    (theirs / "workflows/order/self.md").symlink_to("self.md")
    (theirs / "workflows/order/up").symlink_to("..")
    found = imported(waybill, theirs, code=1)
    assert sorted(found["order"]["problems"]) == [
        f"workflows/order/absolute.md is a link to {secret}, outside the repository; copy it in",
        "workflows/order/out.md is a link to ../../../secret.txt, outside the repository; copy it in",
        "workflows/order/self.md is a link that leads to itself; remove it",
        "workflows/order/up is a link to a folder above it; remove it",
    ]
    assert found["refund"]["state"] == "imported"
    assert not (tmp_path / "workflows/order").exists()


def test_links_within_the_repository_become_copies(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    write(theirs, {"common/a.json": SCHEMA, "common/b/c.json": SCHEMA})
    (theirs / "workflows/order/schemas/a.json").symlink_to("../../../common/a.json")
    (theirs / "workflows/order/schemas/more").symlink_to("../../../common/b")
    imported(waybill, theirs, "order")
    for path in ("a.json", "more/c.json"):
        copy = tmp_path / "workflows/order/schemas" / path
        assert (copy.read_text(), copy.is_symlink()) == (SCHEMA, False)


def test_a_pipe_a_huge_file_and_a_pointer_of_lfs_are_problems(theirs: Path, waybill: Waybill) -> None:
    os.mkfifo(theirs / "workflows/order/pipe")
    [why] = imported(waybill, theirs, "order", code=1)["order"]["problems"]
    assert why == "workflows/order/pipe is a pipe; replace it with a file, or remove it"
    (theirs / "workflows/order/pipe").unlink()
    with (theirs / "workflows/order/model.bin").open("wb") as file:
        file.truncate(101 * 1024 * 1024)
    [why] = imported(waybill, theirs, "order", code=1)["order"]["problems"]
    assert "exceed 104,857,600 bytes, workflows/order/model.bin has 105,906,176 of them" in why
    (theirs / "workflows/order/model.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    [why] = imported(waybill, theirs, "order", code=1)["order"]["problems"]
    assert why == "workflows/order/model.bin is a pointer of Git LFS; commit the file itself"


def test_names_that_differ_in_case_alone_are_problems(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    write(theirs, {"workflows/order/Schemas/other.json": SCHEMA})
    [why] = imported(waybill, theirs, "order", code=1)["order"]["problems"]
    assert why == "Schemas and schemas are one file on macOS and Windows; rename one"
    shutil.rmtree(theirs / "workflows/order/Schemas")
    write(theirs, {"deploy/charts/order/templates/Adapter.yaml": "a: 1\n"})
    [why] = imported(waybill, theirs, "order", code=1)["order"]["problems"]
    assert (
        why
        == "chart/templates/Adapter.yaml and chart/templates/adapter.yaml are one file on macOS and Windows; rename one"
    )
    (theirs / "deploy/charts/order/templates/Adapter.yaml").unlink()
    write(tmp_path, {"workflows/Order/order.sw.yaml": DEFINITION})
    problems = imported(waybill, theirs, "order", code=1)["order"]["problems"]
    assert "the workflow Order is here already, and differs only in case; rename the folder" in problems


def test_bytes_that_are_no_text_are_told(theirs: Path, waybill: Waybill, tmp_path: Path) -> None:
    (theirs / "deploy/charts/order/templates/latin.yaml").write_bytes(b"# caf\xe9\n")
    (theirs / "deploy/charts/order/templates/broken.yaml").write_text("{{ if }} no: [yaml\n")
    order = imported(waybill, theirs, "order", code=1)["order"]
    assert [said["path"] for said in order["by_hand"]] == ["templates/latin.yaml"]
    assert (tmp_path / "workflows/order/chart/templates/broken.yaml").is_file()
    (theirs / "workflows/order/order.sw.yaml").write_bytes(b"id: caf\xe9\n")
    shutil.rmtree(tmp_path / "workflows")
    order = imported(waybill, theirs, "order", code=1)["order"]
    assert [finding["rule"] for finding in order["findings"]] == ["encoding"]


def test_two_folders_of_one_name_are_left_out(theirs: Path, waybill: Waybill) -> None:
    shutil.copytree(theirs / "workflows/refund", theirs / "examples/refund")
    [why] = imported(waybill, theirs, code=1)["refund"]["problems"]
    assert why == "the folders examples/refund and workflows/refund have one name; rename all but one of them"


def test_a_folder_that_is_one_workflow_is_imported_by_its_own_name(theirs: Path, waybill: Waybill) -> None:
    assert imported(waybill, theirs / "workflows/order")["order"]["state"] == "imported"


@pytest.fixture
def committed(theirs: Path) -> Path:
    git(theirs, "init", "-q", "-b", "main")
    git(theirs, "add", "--all")
    git(theirs, "commit", "-qm", "Start")
    return theirs


def test_a_repository_on_this_machine_is_read_at_a_branch_and_a_folder(
    committed: Path, waybill: Waybill, tmp_path: Path
) -> None:
    git(committed, "checkout", "-q", "-b", "next")
    write(committed, {"workflows/order/notes.md": "Next.\n"})
    git(committed, "add", "--all")
    git(committed, "commit", "-qm", "Next")
    git(committed, "checkout", "-q", "main")
    marker = tmp_path / "ran"
    for hook in ("post-checkout", "pre-commit", "post-merge"):
        path = committed / ".git/hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {marker}\n")
        path.chmod(0o755)
    imported(waybill, f"file://{committed}#next:workflows", "order")
    assert (tmp_path / "workflows/order/notes.md").read_text() == "Next.\n"
    assert not marker.exists()
    done = waybill("import", f"file://{committed}#nxt")
    assert (done.code, "has no branch 'nxt'" in done.err) == (2, True)
    done = waybill("import", f"file://{committed}#main:elsewhere")
    assert (done.code, "the branch 'main' has no folder 'elsewhere'" in done.err) == (2, True)


def test_a_repository_without_commits_says_so(tmp_path: Path, waybill: Waybill) -> None:
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    done = waybill("import", f"file://{tmp_path}/empty.git")
    assert done.code == 1
    assert "has no commits; push some, or name a branch with #BRANCH" in done.err


def test_a_few_trees_with_billions_of_files_are_refused(tmp_path: Path, waybill: Waybill) -> None:
    with git_server(tmp_path / "server") as server:
        blob = server.git("hash-object", "-w", "--stdin", stdin=b"x")
        entries = "".join(f"100644 blob {blob}\tf{number}\n" for number in range(20))
        for _ in range(7):
            tree = server.git("mktree", stdin=entries.encode())
            entries = "".join(f"040000 tree {tree}\td{number}\n" for number in range(20))
        person = ("-c", "user.name=a", "-c", "user.email=a@b")
        server.git("update-ref", "refs/heads/main", server.git(*person, "commit-tree", "-m", "x", tree))
        done = waybill("import", f"{server.url}#main", env={"WAYBILL_GIT_TOKEN": PASSWORD})
        part = waybill("import", f"{server.url}#main:d0/d0/d0/d0", env={"WAYBILL_GIT_TOKEN": PASSWORD})
    assert (done.code, "cannot be read: contains more than 100,000 files" in done.err) == (1, True)
    assert (part.code, "contains no workflow" in part.err) == (2, True)


def test_a_file_s_name_that_is_not_utf_8_is_a_problem(theirs: Path, waybill: Waybill) -> None:
    Path(os.fsdecode(os.fsencode(theirs / "workflows/order") + b"/caf\xe9.json")).write_text("{}")
    [why] = imported(waybill, theirs, "order", code=1)["order"]["problems"]
    assert why == "the name of workflows/order/caf\\udce9.json is not UTF-8; rename it"


def test_a_tree_that_leads_out_is_never_written(tmp_path: Path, waybill: Waybill) -> None:
    files = {f"workflows/order/{path}": text.encode() for path, text in WORKFLOW.items()}
    with git_server(tmp_path / "server") as server:
        server.import_files(files, branch="main")
        blob = server.git("hash-object", "-w", "--stdin", stdin=b"evil")
        evil = server.git("mktree", stdin=f"100644 blob {blob}\tevil.md\n".encode())
        order = server.git("ls-tree", "main:workflows/order")
        both = f"040000 tree {evil}\t..\n040000 tree {evil}\torder.sw.yaml\n"
        order = server.git("mktree", stdin=f"{order}\n{both}".encode())
        workflows = server.git("mktree", stdin=f"040000 tree {order}\torder\n".encode())
        top = server.git("mktree", stdin=f"040000 tree {workflows}\tworkflows\n".encode())
        person = ("-c", "user.name=a", "-c", "user.email=a@b")
        server.git("update-ref", "refs/heads/main", server.git(*person, "commit-tree", "-m", "x", top))
        found = imported_over_http(waybill, f"{server.url}#main")
    assert found["order"]["problems"] == [
        "the name of workflows/order/../evil.md leads out of its folder, or into git's own; rename it",
        "the name of workflows/order/order.sw.yaml is that of a folder, too; rename it",
    ]
    assert not list(tmp_path.rglob("evil.md"))


def test_links_and_submodules_in_git_are_never_followed(tmp_path: Path, waybill: Waybill) -> None:
    files = {path: text.encode() for path, text in repository_files().items()}
    files["workflows/order/passwd.md"] = b"/etc/passwd"
    with git_server(tmp_path / "server") as server:
        server.import_files(files, branch="main", modes={"workflows/order/passwd.md": "120000"})
        tree = server.git("rev-parse", "main^{tree}")
        server.git("read-tree", tree)
        server.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},workflows/refund/module")
        commit = server.git(
            "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "x", server.git("write-tree")
        )
        server.git("update-ref", "refs/heads/main", commit)
        found = imported_over_http(waybill, f"{server.url}#main")
    assert found["order"]["problems"] == [
        "workflows/order/passwd.md is a link to /etc/passwd, outside the repository; copy it in"
    ]
    assert found["refund"]["problems"] == [
        "workflows/refund/module is a submodule; replace it with a file, or remove it"
    ]


def imported_over_http(waybill: Waybill, url: str) -> dict[str, dict[str, Any]]:
    done = waybill("import", url, "--json", env={"WAYBILL_GIT_TOKEN": PASSWORD, "GIT_CONFIG_GLOBAL": os.devnull})
    assert PASSWORD not in done.out + done.err
    return {each["name"]: each for each in done.json["workflows"]}


def test_a_repository_behind_a_password_is_read_with_the_token(tmp_path: Path, waybill: Waybill) -> None:
    with git_server(tmp_path / "server") as server:
        server.import_files({path: text.encode() for path, text in repository_files().items()}, branch="main")
        found = imported_over_http(waybill, f"{server.url}#main")
        refused = waybill(
            "import", f"{server.url}#main", env={"WAYBILL_GIT_TOKEN": "wrong", "GIT_CONFIG_GLOBAL": os.devnull}
        )
    assert {each["state"] for each in found.values()} == {"imported"}
    assert refused.code == 1
    assert "authentication failed" in refused.err
    assert "check the token from WAYBILL_GIT_TOKEN" in refused.err


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with git_over_ssh(tmp_path_factory.mktemp("ssh")) as server:
        yield server


def test_a_repository_is_read_over_ssh(ssh: Any, committed: Path, waybill: Waybill, tmp_path: Path) -> None:
    git(committed, "push", "-q", str(ssh.repository), "main:flows")
    command = f"ssh -i {ssh.folder / 'id_rsa'} -o UserKnownHostsFile={ssh.folder / 'known_hosts'} -o BatchMode=yes"
    done = waybill("import", f"{ssh.address}#flows", "--json", env={"GIT_SSH_COMMAND": command})
    assert done.code == 0, done.err
    assert {each["state"] for each in done.json["workflows"]} == {"imported"}
    assert contents(tmp_path / "workflows/refund") == contents(committed / "workflows/refund")

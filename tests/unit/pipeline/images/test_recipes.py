"""Which builder, Dockerfile and base the settings choose, and what overrides them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from generator.compatibility.matrix import known_matrix
from generator.findings.errors import SettingsError
from pipeline.images.lock import write_lock
from pipeline.images.recipes import Recipes, base_references, builder_image, dockerfile_for, image_of
from pipeline.system.journal import Journal
from pipeline.workspace.settings import Settings
from pipeline.workspace.settings_reader import load_settings
from tests.unit.conftest import workflow, write

NEWEST = known_matrix().newest


@pytest.mark.parametrize(
    ("builder", "image", "dockerfile"),
    [
        ("dev", "docker.io/apache/incubator-kie-sonataflow-builder:10.1.0", "workflow-builder-dev.Dockerfile"),
        (
            "prod",
            "registry.redhat.io/openshift-serverless-1/logic-swf-builder-rhel9:1.37.0-19",
            "workflow-builder.Dockerfile",
        ),
        ("example.com/mine:1", "example.com/mine:1", "workflow-builder-dev.Dockerfile"),
        (
            "quay.io/orchestrator/logic-swf-builder-rhel8:1.36.0-disconnected",
            "quay.io/orchestrator/logic-swf-builder-rhel8:1.36.0-disconnected",
            "workflow-builder.Dockerfile",
        ),
    ],
)
def test_a_builder_is_a_name_or_an_image_and_has_the_dockerfile_that_fits_it(
    builder: str, image: str, dockerfile: str
) -> None:
    assert builder_image(builder, NEWEST) == image
    assert dockerfile_for(builder) == dockerfile


def test_red_hat_s_builder_of_an_operator_without_one_is_asked_for() -> None:
    old = known_matrix().sonataflows[0]
    with pytest.raises(SettingsError, match=r"no Red Hat builder is known for SonataFlow 1.40; name an image"):
        builder_image("prod", old)


def test_each_known_sonataflow_has_a_builder_and_a_base_by_a_fixed_tag() -> None:
    for flow in known_matrix().sonataflows:
        for image in (flow.builder, flow.runtime, *filter(None, [flow.red_hat_builder])):
            assert image.rpartition(":")[2] not in ("latest", "main", image)


@pytest.mark.parametrize("variable", ["BUILDER_IMAGE", "WAYBILL_BUILDER"])
def test_a_variable_makes_a_custom_image_and_the_chart_names_the_committed_one(tmp_path: Path, variable: str) -> None:
    write(tmp_path, {"waybill.toml": 'builder = "example.com/committed:1"\n'})
    committed = load_settings(tmp_path, {}, {})
    overridden = load_settings(tmp_path, {variable: "example.com/other:2"}, {})
    read = workflow({})
    recipe = Recipes(settings=overridden, sonataflow=NEWEST).of(read)
    assert (recipe.builder, recipe.custom) == ("example.com/other:2", True)
    assert image_of(read, overridden, NEWEST) == image_of(read, committed, NEWEST)


def test_a_variable_that_says_what_is_committed_overrides_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": 'builder = "example.com/committed:1"\n'})
    settings = load_settings(tmp_path, {"BUILDER_IMAGE": "example.com/committed:1", "WAYBILL_IMAGES": "push"}, {})
    assert not Recipes(settings=settings, sonataflow=NEWEST).of(workflow({})).custom


def test_a_build_argument_of_the_command_line_makes_a_custom_image() -> None:
    read = workflow({})
    recipe = Recipes(settings=Settings(), sonataflow=NEWEST, arguments={"FLOW_NAME": "x"}).of(read)
    assert recipe.tag.endswith("-custom")
    assert recipe.arguments["FLOW_NAME"] == "x"


def test_a_platform_makes_another_image(tmp_path: Path) -> None:
    read = workflow({})
    write(tmp_path / "arm", {"waybill.toml": 'platform = "linux/arm64"\n'})
    write(tmp_path / "any", {"waybill.toml": ""})
    committed = Recipes(settings=load_settings(tmp_path / "arm", {}, {}), sonataflow=NEWEST).of(read)
    asked = Recipes(settings=load_settings(tmp_path / "any", {}, {"platform": "linux/arm64"}), sonataflow=NEWEST)
    assert committed.key != Recipes(settings=Settings(), sonataflow=NEWEST).of(read).key
    assert not committed.custom
    assert asked.of(read).custom


def test_the_digests_of_images_lock_are_in_the_recipe_and_the_references_to_pin_are_without(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path)
    digest = f"sha256:{'a' * 64}"
    write_lock(settings, {NEWEST.builder: digest}, Journal())
    recipe = Recipes(settings=settings, sonataflow=NEWEST).of(workflow({}))
    assert (recipe.builder, recipe.runtime) == (f"{NEWEST.builder}@{digest}", NEWEST.runtime)
    assert base_references(settings, NEWEST) == (NEWEST.builder, NEWEST.runtime)
    fixed = dataclasses.replace(settings, builder=f"example.com/mine@{digest}")
    assert base_references(fixed, NEWEST) == (NEWEST.runtime,)

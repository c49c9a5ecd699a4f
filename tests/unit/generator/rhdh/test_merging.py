"""A dynamic-plugins.yaml gets the plugins that it does not have, and stays as it is written otherwise."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import FindingsError
from generator.forms.releases import Release
from generator.rhdh.merging import plugin_name, with_plugins
from generator.rhdh.plugins import PluginOptions, dynamic_plugins

PART = dynamic_plugins(PluginOptions(release=Release(1, 9)))
#: The same plugins, each written as another release writes it.
OTHERS = [dynamic_plugins(PluginOptions(release=Release(*each))) for each in ((1, 6), (1, 7), (1, 8), (2, 1))]


@pytest.mark.parametrize(
    "package",
    [
        "@redhat/backstage-plugin-orchestrator-backend-dynamic@1.8.2",
        "https://npm.example.com/a/-/backstage-plugin-orchestrator-backend-dynamic-1.7.1.tgz",
        "https://npm.example.com/a/-/backstage-plugin-orchestrator-backend-dynamic-1.6.0-rc.11.tgz",
        "oci://registry.example.com:5000/rhdh/red-hat-developer-hub-backstage-plugin-orchestrator-backend:{{inherit}}",
        "oci://a.example/red-hat-developer-hub-backstage-plugin-orchestrator-backend@sha256:00!dist/x",
        "oci://a.example/red-hat-developer-hub-backstage-plugin-orchestrator-backend:bs_1.49__5.7!x/y",
        "ref://red-hat-developer-hub-backstage-plugin-orchestrator-backend",
        "./dynamic-plugins/dist/backstage-plugin-orchestrator-backend-dynamic",
        "./dynamic-plugins/dist/backstage-plugin-orchestrator-backend",
    ],
)
def test_a_plugin_has_one_name_however_its_package_is_written(package: str) -> None:
    assert plugin_name(package) == "backstage-plugin-orchestrator-backend"


@pytest.mark.parametrize("other", OTHERS)
def test_a_plugin_of_another_release_is_there(other: dict[str, object]) -> None:
    text = yaml.safe_dump(other)
    found = with_plugins(text, PART, "a.yaml")
    assert found
    assert (found.added, found.addition) == ((), "")


MINE = """\
# Mine.
includes: [dynamic-plugins.default.yaml]   # all of them
plugins:
  # Signals are off.
  - package: ./dynamic-plugins/dist/backstage-plugin-signals
    disabled: true
  - {package: ./mine, disabled: false}
"""


@pytest.mark.parametrize(
    "text", [MINE, MINE.rstrip("\n"), MINE.replace("  -", "-").replace("    d", "  d"), MINE + "\n# End.\n"]
)
def test_what_is_there_stays_as_it_is_written(text: str) -> None:
    found = with_plugins(text, PART, "a.yaml")
    assert found
    after = text + found.addition
    plugins = yaml.safe_load(after)["plugins"]
    assert plugins[:2] == yaml.safe_load(text)["plugins"]
    assert plugins[2:] == [each for each in PART["plugins"] if not each["package"].endswith("plugin-signals")]
    assert found.there == ("backstage-plugin-signals",)
    assert with_plugins(after, PART, "a.yaml").added == ()  # type: ignore[union-attr]  # it was read


def test_line_ends_are_those_of_the_text() -> None:
    found = with_plugins(MINE.replace("\n", "\r\n"), PART, "a.yaml")
    assert found
    assert found.addition.count("\n") == found.addition.count("\r\n") > 0


def test_an_empty_file_gets_the_whole_part() -> None:
    found = with_plugins("\n", PART, "a.yaml")
    assert found
    assert yaml.safe_load(found.addition) == PART


@pytest.mark.parametrize(
    "text",
    [
        "plugins: []\n",
        "plugins: [{package: a}]\n",
        "plugins:\n  - package: a\nincludes: [b]\n",
        "plugins: {a: b}\n",
        "- a\n",
        "a\n",
        "kind: ConfigMap\ndata:\n  dynamic-plugins.yaml: |\n    plugins:\n      - package: a\n",
        "plugins:\n  - package: |\n      a\n",
    ],
)
def test_a_file_that_takes_none_at_its_end_is_told_apart(text: str) -> None:
    found = with_plugins(text, PART, "a.yaml")
    assert found is None or yaml.safe_load(text + found.addition)["plugins"][1:] == PART["plugins"]


def test_no_yaml_is_a_finding() -> None:
    with pytest.raises(FindingsError):
        with_plugins("plugins: [", PART, "a.yaml")


values = st.recursive(
    st.none() | st.booleans() | st.text("ab:-# \n", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["plugins", "package", "a"]), inner),
    max_leaves=8,
)


@given(values, st.booleans())
def test_whatever_is_there_is_there_afterwards(value: object, flow: bool) -> None:  # noqa: FBT001 - of hypothesis
    text = yaml.safe_dump(value, default_flow_style=flow)
    try:
        found = with_plugins(text, PART, "a.yaml")
    except FindingsError:
        return
    if found:
        before, after = yaml.safe_load(text), yaml.safe_load(text + found.addition)
        assert after["plugins"][: len(before["plugins"])] == before["plugins"]

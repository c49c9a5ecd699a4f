"""The parts of RHDH's configuration, by its release."""

from __future__ import annotations

import base64
import re

import pytest

from generator.findings.errors import SettingsError
from generator.forms.releases import Release
from generator.rhdh.plugins import Email, PluginOptions, app_config, dynamic_plugins, packages_of
from generator.rhdh.secret import KEYS
from generator.text.yaml_writer import dump

RELEASES = [Release(1, minor) for minor in range(5, 11)] + [Release(2, 1)]


@pytest.mark.parametrize(
    ("release", "backend"),
    [
        (Release(1, 5), "@redhat/backstage-plugin-orchestrator-backend-dynamic@1.5.1"),
        (Release(1, 8), "@redhat/backstage-plugin-orchestrator-backend-dynamic@1.8.2"),
        (
            Release(1, 10),
            "oci://registry.access.redhat.com/rhdh/red-hat-developer-hub-backstage-plugin-orchestrator-backend:{{inherit}}",
        ),
        (Release(2, 1), "ref://red-hat-developer-hub-backstage-plugin-orchestrator-backend"),
        (None, "ref://red-hat-developer-hub-backstage-plugin-orchestrator-backend"),
    ],
)
def test_the_packages_are_those_of_the_release(release: Release | None, backend: str) -> None:
    assert packages_of(release).plugins["backend"]["package"] == backend


def test_a_release_before_the_plugins_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"RHDH 1\.4; the first release with them is 1\.5"):
        packages_of(Release(1, 4))


@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_every_integrity_is_a_sha_512_of_one_package(release: Release) -> None:
    found = [each["integrity"] for each in packages_of(release).plugins.values() if "integrity" in each]
    assert all(len(base64.b64decode(each.removeprefix("sha512-"), validate=True)) == 64 for each in found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_each_release_has_the_orchestrator_notifications_and_data_index(release: Release) -> None:
    part = dynamic_plugins(PluginOptions(release=release, services="infra"))
    assert part["includes"] == ["dynamic-plugins.default.yaml"]
    packages = [each["package"] for each in part["plugins"]]
    for name in ("plugin-orchestrator", "plugin-orchestrator-backend", "scaffolder-backend-module-orchestrator"):
        assert any(name in package for package in packages)
    assert any("form-widgets" in package for package in packages) == (release >= Release(1, 6))
    assert sum("notifications" in package for package in packages) == 2
    assert sum("signals" in package for package in packages) == 2
    assert not any(each["disabled"] for each in part["plugins"])
    urls = re.findall('url: "(.*)"', dump(part))
    assert urls == ["http://sonataflow-platform-data-index-service.infra"] * 2
    builtin = {package for package in packages if "signals" in package}
    assert all(each.startswith("ref://" if release >= Release(2, 0) else "./dynamic-plugins/dist/") for each in builtin)


def test_a_catalog_names_no_plugin_dynamic() -> None:
    packages = [
        each["package"] for each in dynamic_plugins(PluginOptions(email=Email(sender="a@b.example")))["plugins"]
    ]
    assert not any(package.endswith("-dynamic") for package in packages)


@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_a_variable_is_a_key_of_the_secret(release: Release) -> None:
    options = PluginOptions(release=release, email=Email(sender="a@b.example", reply_to="c@d.example"))
    text = dump(dynamic_plugins(options)) + dump(app_config())
    variables = set(re.findall(r"\$\{(\w+)\}", text))
    assert variables == {"BACKEND_SECRET", *(key for key in KEYS if key.startswith("NOTIFICATIONS_EMAIL_"))}
    assert "dangerouslyAllow" not in text


def test_mail_is_sent_only_where_it_is_wanted() -> None:
    assert "email" not in dump(dynamic_plugins(PluginOptions()))
    (mail,) = (
        each["pluginConfig"]["notifications"]["processors"]["email"]
        for each in dynamic_plugins(PluginOptions(email=Email(sender="a@b.example", secure=True, port=465)))["plugins"]
        if "email" in each["package"]
    )
    assert (mail["sender"], mail["transportConfig"]["port"], mail["transportConfig"]["secure"]) == (
        "a@b.example",
        465,
        True,
    )
    assert "replyTo" not in mail


def test_the_token_of_workflows_is_a_static_one() -> None:
    (access,) = app_config()["backend"]["auth"]["externalAccess"]
    assert access == {"type": "static", "options": {"token": "${BACKEND_SECRET}", "subject": "orchestrator"}}

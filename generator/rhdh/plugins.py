"""RHDH's configuration for the Orchestrator: parts of dynamic-plugins.yaml and app-config.yaml."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from generator.findings.errors import SettingsError
from generator.forms.releases import Release, parse_release
from generator.kubernetes.objects import PLATFORM, SERVICES_NAMESPACE, platform_service
from generator.rhdh.secret import BACKEND_SECRET, EMAIL_KEYS, is_url
from generator.text.yaml_reader import parse

#: The .npmrc with the registry of the npm packages, for the Secret `dynamic-plugins-npmrc`.
NPMRC: Final = "@redhat:registry=https://npm.registry.redhat.com"
_FILE: Final = "plugins.yaml"
_DYNAMIC: Final = "-dynamic"

Part = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Packages:
    """The packages of the plugins since a release of RHDH."""

    since: Release
    plugins: Mapping[str, Mapping[str, str]]
    """Role (backend, frontend, scaffolder, widgets) to `package`, and `integrity` if it is published."""
    builtin: str
    """The package of a plugin that comes with RHDH, with NAME in place of the plugin's name."""
    npm: bool = False
    """Whether the packages come from the npm registry in NPMRC."""
    inherits: bool = False
    """Whether the release has a default configuration for each plugin."""


@dataclass(frozen=True, kw_only=True)
class Email:
    """How notifications are sent by email; the server and the login are keys of RHDH's Secret."""

    sender: str
    reply_to: str = ""
    port: int = 587
    secure: bool = False


@dataclass(frozen=True, kw_only=True)
class PluginOptions:
    """The options of the configuration; without `release`, it is for the newest release."""

    release: Release | None = None
    services: str = SERVICES_NAMESPACE
    data_index: str = ""
    email: Email | None = None

    @property
    def url(self) -> str:
        """The URL of Data Index."""
        return self.data_index or f"http://{platform_service(PLATFORM, 'dataIndex')}.{self.services}"


def check_data_index(text: str) -> str:
    """Return a URL of Data Index if it is valid.

    Raises:
        SettingsError: it is not a URL, or has the path that the plugin adds; the message does not repeat it.
    """
    example = PluginOptions().url
    if not is_url(text):
        raise SettingsError(f"--data-index: not an HTTP URL; write it as in {example}")
    if text.rstrip("/").endswith("/graphql"):
        raise SettingsError(f"--data-index: the plugin adds /graphql itself; write it as in {example}")
    return text


def packages_of(release: Release | None) -> Packages:
    """Return the packages for a release of RHDH.

    Raises:
        SettingsError: no packages are known for so old a release.
    """
    known = _known_packages()
    if release is None:
        return known[-1]
    found = [each for each in known if each.since <= release]
    if not found:
        first = known[0].since
        raise SettingsError(
            f"waybill knows no Orchestrator plugins for RHDH {release}; the first release with them is {first}"
        )
    return found[-1]


def dynamic_plugins(options: PluginOptions) -> Part:
    """Return the part of dynamic-plugins.yaml: the Orchestrator, notifications, signals and, if wanted, email."""
    packages = packages_of(options.release)
    data_index = {"orchestrator": {"dataIndexService": {"url": options.url}}}
    configured: dict[str, Part] = {"backend": data_index, "scaffolder": data_index}
    if not packages.inherits:
        configured |= {
            "frontend": _frontend(packages.since),
            "widgets": _frontend_plugin("orchestrator-form-widgets", {}),
        }
    plugins = [
        {
            **packages.plugins[role],
            "disabled": False,
            **({"pluginConfig": configured[role]} if role in configured else {}),
            # Replaces the default dependency, for which RHDH's operator would create a platform in its own namespace.
            **({"dependencies": [{}]} if role == "backend" and packages.inherits else {}),
        }
        for role in ("frontend", "backend", "scaffolder", "widgets")
        if role in packages.plugins
    ]
    names: Sequence[str] = (
        "backstage-plugin-notifications",
        "backstage-plugin-signals",
        "backstage-plugin-notifications-backend-dynamic",
        "backstage-plugin-signals-backend-dynamic",
    )
    plugins += [{"package": _builtin(packages, name), "disabled": False} for name in names]
    if options.email:
        name = "backstage-plugin-notifications-backend-module-email-dynamic"
        mail = {"package": _builtin(packages, name), "disabled": False, "pluginConfig": _email_processor(options.email)}
        plugins.append(mail)
    return {"includes": ["dynamic-plugins.default.yaml"], "plugins": plugins}


def app_config() -> Part:
    """Return the part of app-config.yaml: the token with which workflows send notifications and run actions."""
    token = {"type": "static", "options": {"token": f"${{{BACKEND_SECRET}}}", "subject": "orchestrator"}}
    return {"backend": {"auth": {"externalAccess": [token]}}}


def _builtin(packages: Packages, name: str) -> str:
    plain = name.removesuffix(_DYNAMIC) if packages.builtin.startswith("ref://") else name
    return packages.builtin.replace("NAME", plain)


def _frontend(since: Release) -> Part:
    """Return the icon, the page and, since 1.7, the tab of a catalog entity."""
    module = {"module": "OrchestratorPlugin"} if since < Release(1, 6) else {}
    page = {
        "appIcons": [{"importName": "OrchestratorIcon", **module, "name": "orchestratorIcon"}],
        "dynamicRoutes": [
            {
                "importName": "OrchestratorPage",
                **module,
                "menuItem": {"icon": "orchestratorIcon", "text": "Orchestrator"},
                "path": "/orchestrator",
            }
        ],
    }
    if since < Release(1, 7):
        return _frontend_plugin("orchestrator", page)
    where = "entity.page.workflows"
    tab = {
        "entityTabs": [{"path": "/workflows", "title": "Workflows", "mountPoint": where}],
        "mountPoints": [
            {
                "mountPoint": f"{where}/cards",
                "importName": "OrchestratorCatalogTab",
                "config": {
                    "layout": {"gridColumn": "1 / -1"},
                    "if": {"anyOf": ["IsOrchestratorCatalogTabAvailable"]},
                },
            }
        ],
    }
    return _frontend_plugin("orchestrator", {**page, **tab})


def _frontend_plugin(plugin: str, part: Part) -> Part:
    return {"dynamicPlugins": {"frontend": {f"red-hat-developer-hub.backstage-plugin-{plugin}": part}}}


def _email_processor(email: Email) -> Part:
    """Return the email processor's settings; broadcasts are not sent, as in the Orchestrator's own configuration."""
    login = {key.rpartition("_")[2].lower(): f"${{{key}}}" for key in EMAIL_KEYS}
    transport = {"transport": "smtp", **login, "port": email.port, "secure": email.secure}
    return {
        "notifications": {
            "processors": {
                "email": {
                    "transportConfig": transport,
                    "sender": email.sender,
                    **({"replyTo": email.reply_to} if email.reply_to else {}),
                    "broadcastConfig": {"receiver": "none"},
                    "concurrencyLimit": 10,
                    "cache": {"ttl": {"days": 1}},
                }
            }
        }
    }


@functools.cache
def _known_packages() -> tuple[Packages, ...]:
    data = (resources.files("generator.rhdh") / _FILE).read_bytes()
    return tuple(
        Packages(
            since=parse_release(entry["since"], _FILE),
            plugins={role: entry[role] for role in ("backend", "frontend", "scaffolder", "widgets") if role in entry},
            builtin=entry["builtin"],
            npm=entry.get("npm", False),
            inherits=entry.get("inherits", False),
        )
        for entry in parse(data, _FILE).root.plain()
    )

"""The ServiceAccount with which RHDH's plugins read a cluster, and its rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from generator.kubernetes.objects import Manifest
from generator.kubernetes.rbac import account, bound_role, user

ACCOUNT: Final = "rhdh-plugins"
TOKEN_SECRET: Final = "rhdh-plugins-token"  # noqa: S105 - a Secret's name
_READ: Final = ("get", "list", "watch")
_LIST: Final = ("get", "list")

#: The rights of each plugin: API group, resources, verbs. Sources: Backstage, "Kubernetes: Role Based Access Control";
#: RHDH documentation, "Configuring the Topology plugin", "Enabling the Tekton plugin"; README of the Argo CD plugin.
#: The Orchestrator calls Data Index and workflows over HTTP, and does not use the API server.
PLUGINS: Final[Mapping[str, tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]]] = {
    "kubernetes": (
        ("", ("pods", "services", "configmaps", "limitranges", "resourcequotas"), _READ),
        ("apps", ("deployments", "replicasets", "statefulsets", "daemonsets"), _READ),
        ("autoscaling", ("horizontalpodautoscalers",), _READ),
        ("networking.k8s.io", ("ingresses",), _READ),
        ("batch", ("jobs", "cronjobs"), _READ),
        ("metrics.k8s.io", ("pods",), _LIST),
    ),
    "topology": (
        ("", ("pods", "pods/log"), _READ),
        ("route.openshift.io", ("routes",), _LIST),
        ("kubevirt.io", ("virtualmachines", "virtualmachineinstances"), _LIST),
        ("org.eclipse.che", ("checlusters",), _LIST),
    ),
    "tekton": (
        ("", ("pods/log",), _READ),
        ("tekton.dev", ("pipelines", "pipelineruns", "taskruns"), _LIST),
    ),
    "argocd": (("argoproj.io", ("rollouts", "analysisruns"), _LIST),),
    "orchestrator": (),
}


@dataclass(frozen=True, kw_only=True)
class ClusterAccess:
    """The access of the plugins of RHDH in `namespace` to the whole cluster, or only to the namespaces in `within`.

    With `permanent`, a Secret holds a token that is valid as long as the account exists; otherwise the user requests a
    token that expires.
    """

    namespace: str
    plugins: tuple[str, ...] = tuple(PLUGINS)
    within: tuple[str, ...] = ()
    permanent: bool = True

    def objects(self) -> list[Manifest]:
        """Return the account, its rights, and the Secret that a controller fills with its token."""
        metadata = {"name": ACCOUNT, "namespace": self.namespace}
        service_account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata,
            "automountServiceAccountToken": False,
        }
        token = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": TOKEN_SECRET,
                "namespace": self.namespace,
                "annotations": {"kubernetes.io/service-account.name": ACCOUNT},
            },
            "type": "kubernetes.io/service-account-token",
        }
        return [service_account, *self._roles(), *([token] if self.permanent else ())]

    def rules(self) -> list[Manifest]:
        """Return the rights, one rule for each API group and set of verbs."""
        wanted = [row for plugin in PLUGINS if plugin in self.plugins for row in PLUGINS[plugin]]
        return [
            {"apiGroups": [group], "resources": _resources(wanted, group, verbs), "verbs": list(verbs)}
            for group, verbs in dict.fromkeys((group, verbs) for group, _, verbs in wanted)
        ]

    def _roles(self) -> Iterator[Manifest]:
        rules = self.rules()
        for where in (self.within or ("",)) if rules else ():
            yield from bound_role(
                f"{ACCOUNT}-{self.namespace}", rules, [account(ACCOUNT, self.namespace)], namespace=where
            )


def roles(secret: str, namespace: str, access: ClusterAccess | None, who: str) -> list[Manifest]:
    """Return what lets a user complete RHDH's Secret in `namespace`, with `access` also get its token; nothing else.

    A cluster administrator applies these objects. Only a user who has all rights of a Role can create it, and a user
    who may create Secrets can get a token of every account of the namespace. So these objects include the account, its
    rights and the Secret without values, and the user may change only that one Secret.
    """
    bare = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret, "namespace": namespace}}
    objects = access.objects() if access else []
    wanted = {
        namespace: [
            _rule_by_name("", "namespaces", namespace, "get"),
            _rule_by_name("", "secrets", secret, "get", "update"),
        ]
    }
    if access and not access.permanent:
        wanted[namespace].append(_rule_by_name("", "serviceaccounts/token", ACCOUNT, "create"))
    for each in objects:
        group, metadata = each["apiVersion"].rpartition("/")[0], each["metadata"]
        sees = _rule_by_name(group, f"{each['kind'].lower()}s", metadata["name"], "get")
        wanted.setdefault(metadata.get("namespace", ""), []).append(sees)
    name = f"rhdh-secret-{namespace}"
    role_pairs = [bound_role(name, rules, [user(who)], namespace=place) for place, rules in wanted.items()]
    return [*objects, bare, *(each for pair in role_pairs for each in pair)]


def _rule_by_name(group: str, resource: str, name: str, *verbs: str) -> Manifest:
    return {"apiGroups": [group], "resources": [resource], "resourceNames": [name], "verbs": list(verbs)}


def _resources(
    rows: Sequence[tuple[str, tuple[str, ...], tuple[str, ...]]], group: str, verbs: tuple[str, ...]
) -> list[str]:
    named = (name for of, names, allowed in rows if (of, allowed) == (group, verbs) for name in names)
    return list(dict.fromkeys(named))

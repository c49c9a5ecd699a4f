"""What RHDH's plugins read of a cluster: a ServiceAccount of their own, with just these rights."""

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

#: What each plugin reads: groups, resources, verbs. Sources: Backstage, "Kubernetes: Role Based Access Control"; RHDH
#: documentation, "Configuring the Topology plugin", "Enabling the Tekton plugin"; README of the Argo CD plugin. The
#: Orchestrator asks Data Index and workflows over HTTP, and the API server nothing.
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
    """Who reads the cluster for RHDH in `namespace`: all of it, or only the namespaces in `within`.

    With `permanent`, a Secret holds a token that ends with the account; else a token is asked for, with an end.
    """

    namespace: str
    plugins: tuple[str, ...] = tuple(PLUGINS)
    within: tuple[str, ...] = ()
    permanent: bool = True

    def objects(self) -> list[Manifest]:
        """The account, its rights, and the Secret that a controller fills with its token."""
        metadata = {"name": ACCOUNT, "namespace": self.namespace}
        account = {
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
        return [account, *self._rights(), *([token] if self.permanent else ())]

    def rules(self) -> list[Manifest]:
        """The rights, one rule a group, without repetition."""
        wanted = [row for plugin in PLUGINS if plugin in self.plugins for row in PLUGINS[plugin]]
        return [
            {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
            for group, verbs in dict.fromkeys((group, verbs) for group, _, verbs in wanted)
            if (resources := _resources(wanted, group, verbs))
        ]

    def _rights(self) -> Iterator[Manifest]:
        if not self.rules():
            return
        name = f"{ACCOUNT}-{self.namespace}"
        for where in self.within or ("",):
            yield from bound_role(name, self.rules(), [account(ACCOUNT, self.namespace)], namespace=where)


def roles(secret: str, namespace: str, access: ClusterAccess | None, who: str) -> list[Manifest]:
    """What lets a user complete RHDH's Secret in `namespace`, and with `access` take the token for it; nothing else.

    A cluster administrator applies it. A Role can be created only by who has the rights in it, and who may create
    Secrets can have a token of every account of a namespace. So the account, its rights and the Secret without values
    are among these objects, and the user changes that one Secret alone.
    """
    bare = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret, "namespace": namespace}}
    objects = access.objects() if access else []
    wanted = {namespace: [_on("", "namespaces", namespace, "get"), _on("", "secrets", secret, "get", "update")]}
    if access and not access.permanent:
        wanted[namespace].append(_on("", "serviceaccounts/token", ACCOUNT, "create"))
    for each in objects:
        group, metadata = each["apiVersion"].rpartition("/")[0], each["metadata"]
        sees = _on(group, f"{each['kind'].lower()}s", metadata["name"], "get")
        wanted.setdefault(metadata.get("namespace", ""), []).append(sees)
    name = f"rhdh-secret-{namespace}"
    given = [bound_role(name, rules, [user(who)], namespace=place) for place, rules in wanted.items()]
    return [*objects, bare, *(each for pair in given for each in pair)]


def _on(group: str, resource: str, name: str, *verbs: str) -> Manifest:
    return {"apiGroups": [group], "resources": [resource], "resourceNames": [name], "verbs": list(verbs)}


def _resources(
    rows: Sequence[tuple[str, tuple[str, ...], tuple[str, ...]]], group: str, verbs: tuple[str, ...]
) -> list[str]:
    named = (name for of, names, allowed in rows if (of, allowed) == (group, verbs) for name in names)
    return list(dict.fromkeys(named))

"""A namespace's own user and schema in the workflows' database, and the Job that creates them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from typing import Final

from generator.delivery.pods import SECURITY
from generator.kubernetes.objects import Database, Manifest
from generator.text.templates import render

#: The image with psql: the one of the platform's PostgreSQL, so that a cluster needs no other.
PSQL_IMAGE: Final = "quay.io/sclorg/postgresql-16-c9s:20260923"
#: The value of a workflow chart that names the schema.
SCHEMA: Final = "persistence.serviceRef.databaseSchema"
EXTERNAL_SECRETS: Final = "external-secrets.io/v1"
#: The property with the password, in an entry of a secret store.
PASSWORD_PROPERTY: Final = "password"  # noqa: S105 - a name, no password
#: The longest PostgreSQL identifier (NAMEDATALEN - 1); longer ones are truncated without an error.
_MAX_IDENTIFIER: Final = 63
_HASH: Final = 8
#: How long the Job may wait for its Secrets, which are created after it, and for the database.
_SECONDS: Final = 1800


@dataclass(frozen=True, kw_only=True)
class NamespaceDatabase:
    """The part of a database that belongs to the workflows of one namespace.

    `namespace` is that of the workflows, `services` that of the database and its administrator's Secret. `secret` is
    the name of the workflows' Secret, and `host` that of an external database ("" for the one in `services`).
    """

    namespace: str
    services: str
    secret: str = Database.secret
    host: str = ""
    image: str = PSQL_IMAGE

    @property
    def user(self) -> str:
        """The name of both the user and the schema: `ns_my_team` for my-team.

        Names of namespaces have no underscores, so no two namespaces get the same user.
        """
        name = f"ns_{self.namespace.replace('-', '_')}"
        if len(name) <= _MAX_IDENTIFIER:
            return name
        return f"{name[: _MAX_IDENTIFIER - _HASH - 1]}_{_hash(self.namespace)}"

    @property
    def copy(self) -> str:
        """The name of the Job's Secret beside the database, with the same user and password."""
        return f"{self.namespace}-database"

    @property
    def persistence(self) -> dict[str, str]:
        """The values that connect a workflow chart with this part of the database: path to value."""
        secret = {"persistence.secretRef.name": self.secret}
        if self.host:
            url = f"jdbc:postgresql://{self.host}:{Database.port}/{Database.name}?currentSchema={self.user}"
            return {**secret, "persistence.jdbcUrl": url}
        return {**secret, "persistence.serviceRef.namespace": self.services, SCHEMA: self.user}

    def job(self) -> Manifest:
        """Return the Job that creates the user and the schema if they do not exist.

        Its name ends in a hash of its spec, since the template of a Job is immutable.
        """
        spec = self._job_spec()
        digest = _hash(json.dumps(spec, sort_keys=True))
        name = f"{self.namespace[: 52 - _HASH]}-database-{digest}"
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name, "namespace": self.services},
            "spec": spec,
        }

    def external_secrets(self, store: str, key: str) -> list[Manifest]:
        """Return the ExternalSecrets for the workflows and the Job; a ClusterSecretStore's entry has the password."""
        return [
            {
                "apiVersion": EXTERNAL_SECRETS,
                "kind": "ExternalSecret",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {
                    "secretStoreRef": {"kind": "ClusterSecretStore", "name": store},
                    "target": {
                        "name": name,
                        "template": {
                            "data": {
                                Database.user_key: self.user,
                                Database.password_key: f"{{{{ .{PASSWORD_PROPERTY} }}}}",
                            }
                        },
                    },
                    "data": [
                        {
                            "secretKey": PASSWORD_PROPERTY,
                            "remoteRef": {"key": key, "property": PASSWORD_PROPERTY},
                        }
                    ],
                },
            }
            for name, namespace in ((self.secret, self.namespace), (self.copy, self.services))
        ]

    def _job_spec(self) -> Manifest:
        plain = {
            "PGHOST": self.host or Database.service,
            "PGPORT": str(Database.port),
            "PGDATABASE": Database.name,
            "SQL": user_statements(),
            "PSQL_HISTORY": "/dev/null",
        }
        secret = {
            "PGUSER": (Database.secret, Database.user_key),
            "PGPASSWORD": (Database.secret, Database.password_key),
            "WORKFLOW_USER": (self.copy, Database.user_key),
            "WORKFLOW_PASSWORD": (self.copy, Database.password_key),
        }
        container = {
            "name": "psql",
            "image": self.image,
            "command": ["sh", "-ec", user_script()],
            "env": [
                *({"name": name, "value": value} for name, value in plain.items()),
                *(
                    {"name": name, "valueFrom": {"secretKeyRef": {"name": of, "key": key}}}
                    for name, (of, key) in secret.items()
                ),
            ],
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
            "securityContext": SECURITY,
        }
        return {
            "backoffLimit": 3,
            "activeDeadlineSeconds": _SECONDS,
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "automountServiceAccountToken": False,
                    "containers": [container],
                }
            },
        }


def user_script() -> str:
    """Return the script of the Job's container, which waits for the database and runs the statements in $SQL."""
    return (resources.files("generator.namespaces") / "scripts" / "create-user.sh").read_text(encoding="utf-8")


def user_statements() -> str:
    """Return the statements for psql that create WORKFLOW_USER with WORKFLOW_PASSWORD, and its schema."""
    return render("namespaces/database.sql")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH]

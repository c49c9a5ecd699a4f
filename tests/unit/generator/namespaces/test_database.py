"""The names of a namespace's part of the database, and the Job that creates it."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from generator.kubernetes.objects import Database
from generator.namespaces.database import NamespaceDatabase

#: Names of namespaces (RFC 1123): long ones of few letters, so that their beginnings are the same.
NAMES = st.from_regex(r"[a-b]([a-b-]{0,61}[a-b])?", fullmatch=True)
DATABASE = NamespaceDatabase(namespace="demo", services="infra")


@given(NAMES, NAMES)
@example("a" * 63, "a" * 62 + "b")
@example("a-a", "a")
def test_two_namespaces_have_no_user_and_no_job_in_common(one: str, other: str) -> None:
    first, second = (NamespaceDatabase(namespace=each, services="infra") for each in (one, other))
    assert (first.user == second.user) == (one == other)
    assert (first.job()["metadata"]["name"] == second.job()["metadata"]["name"]) == (one == other)


@given(NAMES)
@example("a" * 63)
@example("a" * 43 + "-" + "a" * 19)
def test_every_name_is_one_that_postgresql_and_kubernetes_take(name: str) -> None:
    database = NamespaceDatabase(namespace=name, services="infra")
    assert re.fullmatch("[a-z][a-z0-9_]{0,62}", database.user)
    # A Job's name is the value of a label of its pods.
    assert re.fullmatch("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", database.job()["metadata"]["name"])


def test_another_spec_is_another_job() -> None:
    names = {
        each.job()["metadata"]["name"]
        for each in (DATABASE, replace(DATABASE, host="db.example.com"), replace(DATABASE, image="psql:16"))
    }
    assert len(names) == 3


def test_the_job_is_no_hook_and_stays() -> None:
    job = DATABASE.job()
    assert job["metadata"].keys() == {"name", "namespace"}
    assert "ttlSecondsAfterFinished" not in job["spec"]


def test_a_password_comes_from_a_secret_alone() -> None:
    (container,) = DATABASE.job()["spec"]["template"]["spec"]["containers"]
    secret = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container["env"] if "valueFrom" in each}
    assert secret == {
        "PGUSER": {"name": Database.secret, "key": Database.user_key},
        "PGPASSWORD": {"name": Database.secret, "key": Database.password_key},
        "WORKFLOW_USER": {"name": "demo-database", "key": Database.user_key},
        "WORKFLOW_PASSWORD": {"name": "demo-database", "key": Database.password_key},
    }
    assert not [word for word in container["command"] if "$WORKFLOW_PASSWORD" in word or "$PGPASSWORD" in word]


def test_the_values_lead_a_chart_to_its_part_of_the_database() -> None:
    assert DATABASE.persistence == {
        "persistence.secretRef.name": "sonataflow-psql-postgresql",
        "persistence.serviceRef.namespace": "infra",
        "persistence.serviceRef.databaseSchema": "ns_demo",
    }
    assert replace(DATABASE, host="db.example.com").persistence == {
        "persistence.secretRef.name": "sonataflow-psql-postgresql",
        "persistence.jdbcUrl": "jdbc:postgresql://db.example.com:5432/sonataflow?currentSchema=ns_demo",
    }

"""The Job of `waybill namespace add`, run against real PostgreSQL as its container runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from generator.namespaces.database import NamespaceDatabase
from tests.conftest import missing
from tests.engine import postgres

DEMO = NamespaceDatabase(namespace="demo-1", services="infra")
PASSWORD = 'it\'s \\ "mine" :user; $(id)'  # noqa: S105 - what a person may choose


@pytest.fixture(scope="module")
def server() -> Iterator[Mapping[str, str]]:
    """A server of its own, which logs every statement."""
    if postgres.program("initdb") is None:
        missing("PostgreSQL (apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="waybill-postgres-"))
    try:
        with postgres.running(folder) as given:
            for sql in ("ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()"):
                psql(given, sql)
            (folder / "impatient").mkdir()
            (folder / "impatient" / "sleep").write_text("#!/bin/sh\n", encoding="utf-8")
            (folder / "impatient" / "sleep").chmod(0o755)
            yield {**given, "log": str(folder / "log"), "impatient": str(folder / "impatient")}
    finally:
        shutil.rmtree(folder)


psql = postgres.query


def run_job(server: Mapping[str, str], database: NamespaceDatabase, **changed: str) -> subprocess.CompletedProcess[str]:
    """Run the container of the Job: its command, and its variables with the Secrets' values."""
    (container,) = database.job()["spec"]["template"]["spec"]["containers"]
    given = {each["name"]: each["value"] for each in container["env"] if "value" in each}
    secrets = {each["name"] for each in container["env"] if "valueFrom" in each}
    place = urlsplit(server["QUARKUS_DATASOURCE_REACTIVE_URL"])
    values = {"PGUSER": postgres.NAME, "PGPASSWORD": "none", "WORKFLOW_USER": database.user}
    values |= {"WORKFLOW_PASSWORD": PASSWORD}
    assert secrets == values.keys()
    address = {"PGHOST": str(place.hostname), "PGPORT": str(place.port), "PGDATABASE": "postgres"}
    path = os.pathsep.join([server["impatient"], str(Path(str(postgres.program("psql"))).parent), os.environ["PATH"]])
    env = {**given, **address, **values, **changed, "PATH": path, "HOME": "/nowhere"}
    return subprocess.run(container["command"], env=env, capture_output=True, text=True, check=False)


OTHER = "another-one"
VERIFIER = "SELECT rolpassword FROM pg_authid WHERE rolname = 'ns_demo_1'"


def test_the_user_has_its_schema_and_no_other(server: Mapping[str, str]) -> None:
    for _ in ("once", "again"):
        done = run_job(server, DEMO)
        assert done.returncode == 0, done.stderr
    assert DEMO.user == "ns_demo_1"
    owner = "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'ns_demo_1'"
    assert psql(server, owner) == "ns_demo_1"
    assert psql(server, "SELECT has_schema_privilege('ns_demo_1', 'ns_demo_1', 'CREATE')") == "t"
    assert psql(server, "SELECT has_database_privilege('ns_demo_1', 'postgres', 'CREATE')") == "f"
    flags = "SELECT rolsuper, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = 'ns_demo_1'"
    assert psql(server, flags) == "f|f|f|t"
    assert run_job(server, NamespaceDatabase(namespace="demo-2", services="infra")).returncode == 0
    assert psql(server, "SELECT has_schema_privilege('ns_demo_2', 'ns_demo_1', 'USAGE')") == "f"


def test_the_password_is_the_one_of_the_secret_and_in_no_log(server: Mapping[str, str]) -> None:
    assert run_job(server, DEMO).returncode == 0
    before = psql(server, VERIFIER)
    assert before.startswith("SCRAM-SHA-256$")
    assert run_job(server, DEMO, WORKFLOW_PASSWORD=OTHER).returncode == 0
    assert psql(server, VERIFIER) != before
    log = Path(server["log"]).read_text(encoding="utf-8")
    assert VERIFIER in log
    assert OTHER not in log
    assert "mine" not in log


def test_an_administrator_who_is_no_superuser_is_enough(server: Mapping[str, str]) -> None:
    psql(server, "CREATE ROLE keeper LOGIN CREATEROLE")
    psql(server, "GRANT CREATE ON DATABASE postgres TO keeper")
    database = NamespaceDatabase(namespace="kept", services="infra")
    for _ in ("once", "again"):
        done = run_job(server, database, PGUSER="keeper")
        assert (done.returncode, "mine" in done.stderr) == (0, False), done.stderr
    assert psql(server, "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'ns_kept'") == "ns_kept"


def test_a_schema_of_somebody_else_is_an_error(server: Mapping[str, str]) -> None:
    psql(server, "CREATE SCHEMA ns_taken")
    done = run_job(server, NamespaceDatabase(namespace="taken", services="infra"))
    assert done.returncode != 0
    assert "the schema ns_taken belongs to another user" in done.stderr
    assert "mine" not in done.stderr + done.stdout


def test_a_server_that_does_not_answer_is_an_error(server: Mapping[str, str]) -> None:
    done = run_job(server, DEMO, PGPORT="1")
    assert (done.returncode != 0, "is there" in done.stdout) == (True, False)
    assert run_job(server, DEMO, PGUSER="nobody").returncode != 0

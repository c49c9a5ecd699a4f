"""What the Jobs of the chart `platform` do to a real PostgreSQL, by the script in their manifest."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from generator.platform.platform import platform_chart, platform_sonataflow
from pipeline.run.engine.process import free_port
from tests.conftest import Helm, missing
from tests.engine import postgres

#: Names that have to be quoted, each in another way.
DATABASE, USER, PASSWORD = "Sonata\"Flow's", "de'mo-\"1 \\ $x", "p'w\"\\ $(x) "


@dataclass(frozen=True)
class Postgres:
    """A server on loopback; the password is the administrator's."""

    port: int
    bin: Path
    password: str = field(repr=False)

    def environment(
        self, user: str = postgres.NAME, password: str | None = None, database: str = "postgres"
    ) -> dict[str, str]:
        """What libpq reads, with nothing of this machine's but PATH."""
        return {
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": user,
            "PGPASSWORD": self.password if password is None else password,
            "PGDATABASE": database,
        }

    def ask(self, sql: str, **of: str) -> str:
        words = [self.bin / "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(
            [*words, "-c", sql], env=self.environment(**of), capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else done.stderr

    def run(self, script: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(script, env=variables, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    psql, password = postgres.program("psql"), secrets.token_hex(8)
    if postgres.program("initdb") is None or psql is None:
        missing("PostgreSQL (apt install postgresql)")
    # Another user than root may not look into the folders of the tests.
    with (
        tempfile.TemporaryDirectory(prefix="postgres-") as name,
        postgres.running(Path(name), password=password) as given,
    ):
        port = int(given["QUARKUS_DATASOURCE_REACTIVE_URL"].rpartition(":")[2].partition("/")[0])
        yield Postgres(port=port, bin=Path(psql).parent, password=password)


@pytest.fixture(scope="module")
def scripts(helm4: Helm, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """What the container of each Job runs, as Helm renders it: "database" and "user"."""
    place = tmp_path_factory.mktemp("database") / "platform"
    for path, data in platform_chart("existing", platform_sonataflow(None), "1.0.0").items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)
    values = {
        "database": {"existingSecret": "mine", "create": True},
        "namespaces": [{"name": "demo", "database": {"secret": "s"}}],
    }
    jobs = [each for each in helm4.render(place, values) if each["kind"] == "Job"]
    found = {}
    for job in jobs:
        (container,) = job["spec"]["template"]["spec"]["containers"]
        what = job["metadata"]["name"].split("-")[1]
        statements = [f"SQL={each['value']}" for each in container["env"] if each["name"] == "SQL"]
        found[what] = ["env", *statements, *container["command"], *container["args"]]
    assert found.keys() == {"database", "user"}
    return found


def test_a_database_is_created_once_whatever_its_name(server: Postgres, scripts: Mapping[str, list[str]]) -> None:
    for _ in range(2):
        done = server.run(scripts["database"], **server.environment(), NEW_DATABASE=DATABASE)
        assert (done.returncode, done.stderr) == (0, "")
    assert DATABASE in server.ask("SELECT datname FROM pg_database").splitlines()


def test_a_user_gets_a_schema_of_its_own_and_a_new_password(server: Postgres, scripts: Mapping[str, list[str]]) -> None:
    assert server.ask("CREATE DATABASE shared") == ""
    connection = server.environment(database="shared")
    for password in ("first", PASSWORD):
        new = {"WORKFLOW_USER": USER, "WORKFLOW_PASSWORD": password}
        done = server.run(scripts["user"], **connection, **new)
        assert done.returncode == 0, done.stderr
        assert password not in done.stdout + done.stderr
    mine = {"user": USER, "password": PASSWORD, "database": "shared"}
    owned = "SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = current_user"
    assert server.ask(owned, **mine) == USER
    assert "password authentication failed" in server.ask("SELECT 1", **{**mine, "password": "first"})
    assert "permission denied" in server.ask("CREATE ROLE other", **mine)


def test_a_user_sees_no_tables_of_others(server: Postgres, scripts: Mapping[str, list[str]]) -> None:
    assert server.ask("CREATE DATABASE apart") == ""
    connection = server.environment(database="apart")
    for name in ("one", "two"):
        new = {"WORKFLOW_USER": name, "WORKFLOW_PASSWORD": name}
        assert server.run(scripts["user"], **connection, **new).returncode == 0
    one, two = ({"user": name, "password": name, "database": "apart"} for name in ("one", "two"))
    assert server.ask("CREATE TABLE one.t (i int)", **one) == ""
    assert "permission denied" in server.ask("TABLE one.t", **two)


def test_an_administrator_without_all_rights_is_enough(server: Postgres, scripts: Mapping[str, list[str]]) -> None:
    assert server.ask("CREATE ROLE app LOGIN CREATEROLE CREATEDB PASSWORD 'app'") == ""
    app = server.environment("app", "app")
    assert server.run(scripts["database"], **app, NEW_DATABASE="of_app").returncode == 0
    app = server.environment("app", "app", "of_app")
    for _ in range(2):
        new = {"WORKFLOW_USER": "low", "WORKFLOW_PASSWORD": "low"}
        done = server.run(scripts["user"], **app, **new)
        assert done.returncode == 0, done.stderr


def test_what_the_server_refuses_fails_the_job(server: Postgres, scripts: Mapping[str, list[str]]) -> None:
    assert server.ask("CREATE ROLE weak LOGIN PASSWORD 'weak'") == ""
    weak = server.environment("weak", "weak")
    done = server.run(scripts["database"], **weak, NEW_DATABASE="refused")
    assert done.returncode != 0
    assert "permission denied to create database" in done.stderr
    new = {"WORKFLOW_USER": "refused", "WORKFLOW_PASSWORD": "p"}
    done = server.run(scripts["user"], **weak, **new)
    assert done.returncode != 0
    assert "permission denied to create role" in done.stderr
    assert "is there" not in done.stdout
    assert "refused" not in server.ask("SELECT rolname FROM pg_roles UNION SELECT datname FROM pg_database")


def test_a_server_that_is_not_there_yet_is_waited_for(
    server: Postgres, scripts: Mapping[str, list[str]], tmp_path: Path
) -> None:
    # pg_isready says no twice, as of a server that starts.
    (tmp_path / "pg_isready").write_text(
        f'#!/bin/sh\necho asked >> "{tmp_path}/asked"\n[ "$(wc -l < "{tmp_path}/asked")" -gt 2 ]\n', encoding="utf-8"
    )
    (tmp_path / "sleep").write_text("#!/bin/sh\n", encoding="utf-8")
    for name in ("pg_isready", "sleep"):
        (tmp_path / name).chmod(0o755)
    connection = server.environment()
    connection["PATH"] = f"{tmp_path}{os.pathsep}{connection['PATH']}"
    assert server.run(scripts["database"], **connection, NEW_DATABASE="late").returncode == 0
    assert (tmp_path / "asked").read_text(encoding="utf-8").count("asked") == 3
    # One that never comes ends the Job after as many tries, with what psql says.
    connection["PGPORT"] = str(free_port())
    (tmp_path / "pg_isready").write_text(f'#!/bin/sh\necho asked >> "{tmp_path}/never"\nexit 1\n', encoding="utf-8")
    done = server.run(scripts["database"], **connection, NEW_DATABASE="never")
    assert done.returncode != 0
    assert "Connection refused" in done.stderr
    assert (tmp_path / "never").read_text(encoding="utf-8").count("asked") == 150

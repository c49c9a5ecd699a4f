"""What PostgreSQL says, as the logs of the engine, of Flyway, of Vert.x and of psql have it."""

from __future__ import annotations

import pytest

from generator.health.postgresql import refusal

QUARKUS = "2026-11-29 09:15:01,020 WARN  [io.agr.pool] (agroal-11) Datasource '<default>': {}\n"
JDBC = "Caused by: org.postgresql.util.PSQLException: {}\n\tat org.postgresql.Driver.connect(Driver.java:298)\n"
FLYWAY = "Unable to obtain connection from database: {}\nSQL State  : {}\nError Code : 0\nMessage    : {}\n"
VERTX = "java.util.concurrent.ExecutionException: io.vertx.pgclient.PgException: {} ({})\n"
PSQL = 'psql: error: connection to server at "db" (10.0.0.7), port 5432 failed: {}\n'

MESSAGES = {
    'FATAL: database "flows" does not exist': ("database", "3D000", "flows"),
    'FATAL: password authentication failed for user "ns_demo"': ("login", "28P01", "ns_demo"),
    'FATAL: role "ns_demo" does not exist': ("login", "28000", "ns_demo"),
    'FATAL: no pg_hba.conf entry for host "10.0.0.9", user "flows", database "flows", no encryption': (
        "login",
        "28000",
        "10.0.0.9",
    ),
    "ERROR: permission denied for schema public": ("rights", "42501", ""),
    'ERROR: schema "ns_demo" does not exist': ("schema", "3F000", "ns_demo"),
    'ERROR: relation "process_instances" does not exist': ("tables", "42P01", "process_instances"),
    "FATAL: sorry, too many clients already": ("connections", "53300", ""),
}


@pytest.mark.parametrize("message", MESSAGES)
def test_each_message_is_found_in_the_logs_of_whoever_writes_it(message: str) -> None:
    kind, code, name = MESSAGES[message]
    forms = [
        QUARKUS.format(message),
        JDBC.format(message),
        FLYWAY.format(message, code, message),
        VERTX.format(message, code),
        PSQL.format(message.replace(": ", ":  ", 1)),
    ]
    for log in forms:
        found = refusal(f"INFO starting\n{log}INFO stopped\n")
        assert found is not None
        assert (found.kind, found.name) == (kind, name)
        assert message.partition(": ")[2].startswith(found.said)


@pytest.mark.parametrize(("kind", "code"), {kind: code for kind, code, _ in MESSAGES.values()}.items())
def test_a_server_in_another_language_is_known_by_its_codes(kind: str, code: str) -> None:
    for log in (FLYWAY.format("FATAL: ...", code, "..."), VERTX.format("FATAL: ...", code)):
        found = refusal(log)
        assert found is not None
        assert (found.kind, found.said) == (kind, f"SQLSTATE {code}")


def test_the_last_message_counts() -> None:
    log = QUARKUS.format("FATAL: sorry, too many clients already") + QUARKUS.format(
        'FATAL: database "a" does not exist'
    )
    found = refusal(log)
    assert found is not None
    assert found.kind == "database"


@pytest.mark.parametrize(
    "log",
    ["", "INFO Listening on http://0.0.0.0:8080", 'the database "flows" does not exist', "orders (42) and (3D0001)"],
)
def test_nothing_is_found_where_postgresql_says_nothing(log: str) -> None:
    assert refusal(log) is None


def test_what_a_server_says_is_one_line_without_control_characters() -> None:
    found = refusal('FATAL: database "a\x1b[31m" does not exist')
    assert found is not None
    assert "\x1b" not in found.said

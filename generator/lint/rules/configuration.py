"""Rules about application.properties and secret.properties."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from generator.contracts.calls import calls
from generator.contracts.openapi import Spec
from generator.findings.edits import replaced
from generator.findings.finding import Severity
from generator.findings.suggestions import did_you_mean, only_near
from generator.lint.rule import Example, Found, rule
from generator.workflow.properties import PROFILE, Properties, Property, expressions, literals
from generator.workflow.workflow import Workflow


def _example(text: str) -> Example:
    return Example(files={"application.properties": text})


def _files(workflow: Workflow) -> Iterator[Properties]:
    yield from (properties for properties in (workflow.properties, workflow.secrets) if properties is not None)


@rule(
    "required-variables",
    severity=Severity.NOTE,
    reason="Whoever installs the workflow has to set them; the chart lists them and refuses to install without them.",
    consequence="The engine starts, and the first use of a variable without a value fails: a call has no URL or no "
    "token.",
    bad=_example("tickets_url=${TICKETS_URL}\n"),
    good=_example("tickets_url=${TICKETS_URL:https://tickets.example.com}\n"),
)
def required_variables(workflow: Workflow) -> Iterator[Found]:
    """The variables without a default: one note per workflow."""
    names = dict.fromkeys(variable.name for variable in workflow.variables() if variable.default is None)
    if not names:
        return
    at = workflow.definition.position_of()
    if workflow.properties is not None:
        for entry in workflow.properties.in_production():
            starts = [found.start for found in expressions(entry.value) if found.name in names]
            if starts:
                at = workflow.properties.at_value(entry, min(starts))
                break
    yield Found(at=at, message=f"required at installation: {', '.join(names)}")


_SPEC_KEY: Final = re.compile(
    r"quarkus\.(?P<kind>rest-client|openapi-generator(?:\.codegen\.spec)?)\."
    r"(?P<quote>\"?)(?P<id>(?<=\")[^\"]+|[^\".]+)\"?\.(?P<rest>.+)"
)
_AUTH: Final = re.compile(r"(?:.+\.)?auth\.(?P<scheme>[^.]+)\.(?P<end>[^.]+)")
#: Names in Quarkus' own keys at the place of a spec's id.
_NOT_SPECS: Final = frozenset({"codegen", "logging", "multipart", "extensions-api"})
#: The options of a client (Quarkus 3.15, RestClientConfig) and of a security scheme (openapi-generator 2.9).
_CLIENT_OPTIONS: Final = (
    "url",
    "uri",
    "override-uri",
    "providers",
    "connect-timeout",
    "read-timeout",
    "follow-redirects",
    "proxy-address",
    "proxy-user",
    "proxy-password",
    "non-proxy-hosts",
    "connection-ttl",
    "connection-pool-size",
    "verify-host",
    "hostname-verifier",
    "trust-store",
    "trust-store-password",
    "trust-store-type",
    "key-store",
    "key-store-password",
    "key-store-type",
    "tls-configuration-name",
    "scope",
    "shared",
    "name",
    "user-agent",
    "http2",
    "alpn",
    "max-chunk-size",
    "max-redirects",
    "query-param-style",
    "keep-alive-enabled",
    "multipart-post-encoder-mode",
    "capture-stacktrace",
    "local-address",
)
_AUTH_OPTIONS: Final = (
    "username",
    "password",
    "bearer-token",
    "api-key",
    "token-propagation",
    "header-name",
    "use-authorization-header-value",
)


@dataclass(frozen=True, kw_only=True)
class _Name:
    """A name in a key, its offset, and the known names.

    Unless these are `certain`, only a name that is similar to a known one is reported.
    """

    text: str
    offset: int
    known: Sequence[str]
    what: str
    certain: bool = True


@rule(
    "unknown-spec-key",
    severity=Severity.WARNING,
    reason="A key for a spec that no function calls, or for a scheme that the spec does not have, has no effect: a "
    "file was renamed, or the name is misspelt (tickets-v1.yaml is tickets_v1_yaml).",
    consequence="The engine drops the key, silently or with a warning that it also prints for keys that work.",
    bad=_example("quarkus.rest-client.tickets_yaml.url=${TICKETS_URL}\n"),
    good=_example("tickets_url=${TICKETS_URL}\n"),
)
def unknown_spec_key(workflow: Workflow) -> Iterator[Found]:
    """A key for an unknown spec, security scheme or option."""
    properties = workflow.properties
    if properties is None:
        return
    specs = {call.id: call.spec for call in calls(workflow)}
    values = properties.effective()
    clients = sorted(
        {values.get(f"quarkus.openapi-generator.codegen.spec.{each}.config-key") or each for each in specs}
    )
    java = any(path.endswith(".java") for path in workflow.source.inputs)
    for entry in properties.entries:
        for name in _names(entry.bare_key, specs, clients, certain=not java):
            right = only_near(name.text, name.known)
            if name.text not in name.known and (right or name.certain):
                at = properties.at_key(entry, len(entry.key) - len(entry.bare_key) + name.offset)
                help_ = did_you_mean(name.text, name.known) or "; remove the key, or correct the name"
                yield Found(at=at, message=f"{name.what} '{name.text}'{help_}", edit=replaced(at, name.text, right))
                break


def _names(key: str, specs: Mapping[str, Spec | None], clients: Sequence[str], *, certain: bool) -> Iterator[_Name]:
    """Yield the names in a key for a spec: the spec, its security scheme and the option."""
    match = _SPEC_KEY.fullmatch(key)
    if match is None or match["id"] in _NOT_SPECS or _is_java_class(match["id"]):
        return
    client = match["kind"] == "rest-client"
    of_spec = match["id"].partition(".")[0]
    known = clients if client else sorted(specs)
    what = "no function calls a spec"
    yield _Name(text=of_spec, offset=match.start("id"), known=known, what=what, certain=certain)
    rest, start = match["rest"], match.start("rest")
    if client and "." not in rest:
        what = "a client has no option"
        yield _Name(text=rest, offset=start, known=_CLIENT_OPTIONS, what=what, certain=False)
    elif auth := _AUTH.fullmatch(rest):
        if spec := specs.get(of_spec):
            schemes = [scheme.key for scheme in spec.schemes.values()]
            what = "the spec has no security scheme"
            yield _Name(text=auth["scheme"], offset=start + auth.start("scheme"), known=schemes, what=what)
        what = "a security scheme has no option"
        yield _Name(text=auth["end"], offset=start + auth.start("end"), known=_AUTH_OPTIONS, what=what, certain=False)


def _is_java_class(name: str) -> bool:
    return "." in name and name.rpartition(".")[2][:1].isupper()


#: Common wrong names of Quarkus profiles, with the right ones.
_WRONG_PROFILES: Final[Mapping[str, str]] = {"production": "prod", "development": "dev", "testing": "test"}
_PROFILES: Final = (PROFILE, "dev", "test")


@rule(
    "unknown-profile",
    severity=Severity.WARNING,
    reason="A workflow's image runs in the profile `prod`; the other Quarkus profiles are `dev` and `test`.",
    consequence="The engine silently drops the key.",
    bad=_example("%prd.quarkus.log.level=WARN\n"),
    good=_example("%prod.quarkus.log.level=WARN\n"),
)
def unknown_profile(workflow: Workflow) -> Iterator[Found]:
    """A misspelt Quarkus profile."""
    for properties in _files(workflow):
        for entry in properties.entries:
            for profile in entry.profiles:
                right = _WRONG_PROFILES.get(profile.lower()) or only_near(profile.lower(), _PROFILES)
                if right is not None and right != profile:
                    at = properties.at_key(entry, entry.key.index(profile))
                    message = f"there is no profile '{profile}'; did you mean '{right}'?"
                    yield Found(at=at, message=message, edit=replaced(at, profile, right))


#: Well-known keys of Quarkus 3.15 and Kogito 10.1; keys that differ by one typo are reported.
_WELL_KNOWN: Final = (
    "kie.flyway.enabled",
    "kogito.persistence.auto.ddl",
    "kogito.persistence.type",
    "kogito.service.url",
    "kogito.sw.operationIdStrategy",
    "quarkus.datasource.db-kind",
    "quarkus.datasource.jdbc.url",
    "quarkus.datasource.password",
    "quarkus.datasource.username",
    "quarkus.flyway.migrate-at-start",
    "quarkus.http.host",
    "quarkus.http.port",
    "quarkus.kubernetes-client.trust-certs",
    "quarkus.log.console.json",
    "quarkus.log.level",
    "quarkus.oidc.enabled",
    "quarkus.oidc.tenant-enabled",
    "quarkus.tls.trust-all",
)


@rule(
    "misspelt-key",
    severity=Severity.WARNING,
    reason="It is a Quarkus or Kogito key with one typo: a letter too many, missing or wrong, or two swapped.",
    consequence="The engine warns of an unrecognized key at startup, and continues without it.",
    bad=_example("quarkus.log.levle=WARN\n"),
    good=_example("quarkus.log.level=WARN\n"),
)
def misspelt_key(workflow: Workflow) -> Iterator[Found]:
    """A misspelt well-known key."""
    if (properties := workflow.properties) is not None:
        for entry in properties.entries:
            right = next((key for key in _WELL_KNOWN if _differ_by_typo(entry.bare_key, key)), None)
            if right is not None and entry.bare_key not in _WELL_KNOWN:
                at = properties.at_key(entry, len(entry.key) - len(entry.bare_key))
                message = f"there is no key '{entry.bare_key}'; did you mean '{right}'?"
                yield Found(at=at, message=message, edit=replaced(at, entry.bare_key, right))


def _differ_by_typo(one: str, other: str) -> bool:
    """Return whether two words differ by one typo: a letter inserted, deleted or replaced, or two swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = _common_prefix(one, other)
    one, other = one[start:][::-1], other[start:][::-1]
    end = _common_prefix(one, other)
    return (one[end + 1 :], other[end + 1 :]) == ("", "") or (
        one[end:] == other[end:][::-1] and len(one[end:]) in (1, 2)
    )


def _common_prefix(one: str, other: str) -> int:
    """Return the length of the common prefix of two words."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


_LOCAL: Final = re.compile(
    r"(?:(?<=://)|(?<=@)|^)(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|host\.(?:docker|containers)\.internal)(?![\w.-])"
)
#: The engine's port, which the operator's Service and probes use.
_PORT: Final = "8080"


@rule(
    "local-address",
    severity=Severity.WARNING,
    reason="In a cluster, localhost is the workflow's own container, and the operator's Service targets port 8080.",
    consequence="The engine starts; calls to the address fail, or nothing reaches the workflow.",
    bad=_example("tickets_url=http://localhost:9000\n"),
    good=_example("tickets_url=${TICKETS_URL}\n%dev.tickets_url=http://localhost:9000\n"),
)
def local_address(workflow: Workflow) -> Iterator[Found]:
    """An address or a port that works only on a laptop."""
    if (properties := workflow.properties) is None:
        return
    for entry in properties.in_production():
        if entry.bare_key == "quarkus.http.port" and entry.value.strip() not in ("", _PORT) and "$" not in entry.value:
            message = f"the operator's Service and probes use port {_PORT}; remove the key, or write %dev. before it"
            yield Found(at=properties.at_value(entry), message=message)
        for offset, piece in literals(entry.value):
            match = _LOCAL.search(piece)
            if match and entry.bare_key != "quarkus.http.host":
                message = f"'{match[0]}' is the container itself; use a variable, or write %dev. before the key"
                yield Found(at=properties.at_value(entry, offset + match.start()), message=message)
                break


@rule(
    "duplicate-property",
    severity=Severity.WARNING,
    reason="One of the two values is lost, often the wrong one.",
    consequence="The engine silently takes the last one.",
    bad=_example("tickets=1\ntickets=2\n"),
    good=_example("tickets=1\n%dev.tickets=2\n"),
)
def duplicate_property(workflow: Workflow) -> Iterator[Found]:
    """A key that occurs twice in one file."""
    for properties in _files(workflow):
        first: dict[str, Property] = {}
        for entry in properties.entries:
            other = first.setdefault(entry.key, entry)
            if other is not entry:
                message = f"'{entry.key}' is repeated here (first on line {other.key_place()[0]}); keep one"
                yield Found(at=properties.at_key(entry), message=message)


@rule(
    "unclosed-variable",
    severity=Severity.WARNING,
    reason="The rest of the line becomes part of the variable's name or default.",
    consequence="The engine assumes a closing brace at the end of the line.",
    bad=_example("tickets_url=${TICKETS_URL:none/api\n"),
    good=_example("tickets_url=${TICKETS_URL:none}/api\n"),
)
def unclosed_variable(workflow: Workflow) -> Iterator[Found]:
    """A `${` without its closing `}`."""
    for properties in _files(workflow):
        for entry in properties.entries:
            for found in expressions(entry.value):
                if not found.closed:
                    message = f"'${{{found.name}' is not closed; write '}}' where it ends"
                    yield Found(at=properties.at_value(entry, found.start), message=message)


@rule(
    "circular-property",
    severity=Severity.WARNING,
    reason="The value cannot be resolved unless an environment variable breaks the cycle.",
    consequence=(
        "The engine fails at startup if the key belongs to Quarkus, or else at first use: recursive expression "
        "expansion."
    ),
    bad=_example("tickets_url=${tickets_url}\n"),
    good=_example("tickets_url=${TICKETS_URL:https://tickets.example.com}\n"),
)
def circular_property(workflow: Workflow) -> Iterator[Found]:
    """A property whose value refers to itself, directly or through other properties."""
    if (properties := workflow.properties) is None:
        return
    winning = properties.winning()
    references = {
        key: {found.name for found in expressions(entry.value)} & winning.keys() for key, entry in winning.items()
    }
    for key in _keys_in_cycles(references):
        entry = winning[key]
        start = min(found.start for found in expressions(entry.value) if found.name in references[key])
        message = f"the value of '{key}' refers to itself; use an environment variable"
        yield Found(at=properties.at_value(entry, start), message=message)


def _keys_in_cycles(references: Mapping[str, set[str]]) -> set[str]:
    """Return the keys that are on a cycle or between two; `references` are the keys to which each key refers."""
    remaining = set(references)
    referrers: dict[str, set[str]] = {key: set() for key in references}
    for key, names in references.items():
        for name in names:
            referrers[name].add(key)
    for outgoing, incoming in ((references, referrers), (referrers, references)):
        waiting = [key for key in remaining if not outgoing[key] & remaining]
        while waiting:
            if (key := waiting.pop()) in remaining:
                remaining.discard(key)
                waiting += [other for other in incoming[key] & remaining if not outgoing[other] & remaining]
    return remaining

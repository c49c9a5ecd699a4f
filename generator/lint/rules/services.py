"""Rules about the URLs, credentials and specs of services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from generator.contracts.calls import PACKAGE, STRATEGY, Call, calls, client_of, package_of, url_keys
from generator.contracts.openapi import Operation, SecurityScheme, Spec
from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.lint.rule import Example, Found, rule
from generator.workflow.properties import UNSET, Properties, Property, environment_name, expanded, expressions
from generator.workflow.workflow import Workflow

_FLOW: Final = """
functions:
  - {name: read, operation: "specs/tickets.yaml#read"}
states:
  - name: Begin
    type: operation
    actions: [{functionRef: read}]
    end: true
"""
_SPEC: Final = """\
openapi: 3.0.3
info: {title: Tickets, version: "1"}
paths:
  /tickets:
    get:
      operationId: read
      security: [{login: []}]
      responses: {"200": {description: The tickets}}
components:
  securitySchemes:
    login: {type: http, scheme: bearer}
"""
_URL: Final = "quarkus.rest-client.tickets_yaml.url=%s\n"
_CREDENTIAL: Final = "quarkus.openapi-generator.tickets_yaml.auth.login.bearer-token=${TICKETS_TOKEN}\n"


def _example(properties: str, spec: str = _SPEC) -> Example:
    files = {"specs/tickets.yaml": spec, "application.properties": properties, "secret.properties": "TICKETS_TOKEN=\n"}
    return Example(definition=_FLOW, files=files)


_GOOD: Final = _example(_URL % "${TICKETS_URL}" + _CREDENTIAL)
#: The options that a security scheme needs; of alternatives, one is enough.
_NEEDS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "basic": (("username",), ("password",)),
    "bearer": (("bearer-token", "token-propagation"),),
    "apiKey": (("api-key", "use-authorization-header-value"),),
}


class _Settings:
    """The properties and secrets of a workflow in the profile prod."""

    def __init__(self, workflow: Workflow) -> None:
        self.entries = workflow.properties.winning() if workflow.properties else {}
        self._all = workflow.properties.entries if workflow.properties else ()
        self.values = {key: entry.value for key, entry in self.entries.items()}
        self._variables = {environment_name(key) for key in workflow.secret_keys}

    def get(self, *keys: str) -> Property | None:
        """Return the first property with a value among these keys, or None."""
        found = (self.entries.get(key) for key in keys)
        return next((entry for entry in found if entry is not None and entry.value.strip()), None)

    def given(self, *keys: str) -> bool:
        """Return whether one of these keys has a value, or is set as an environment variable."""
        return self.get(*keys) is not None or any(environment_name(key) in self._variables for key in keys)

    def only_in(self, keys: Sequence[str]) -> str:
        """Return the profiles that set one of these keys, joined by "and", or ""."""
        named = {profile for entry in self._all for profile in entry.profiles if entry.bare_key in keys}
        return " and ".join(sorted(named))

    def value(self, key: str) -> str:
        return self.entries[key].value.strip() if key in self.entries else ""

    def starts_with(self, prefix: str) -> bool:
        """Return whether there is a key with this prefix."""
        return any(key.startswith(prefix) for key in self.entries)

    def client(self, call: Call) -> str:
        """Return the name of a spec in rest-client keys: its id, or its config-key."""
        return client_of(call, self.values)

    def url(self, call: Call) -> Property | None:
        """Return the property with the URL of a spec's service, or None."""
        return self.get(*url_keys(self.client(call)))


def _by_spec(workflow: Workflow) -> Iterator[tuple[Call, Spec, list[Call]]]:
    """Yield each existing spec once: its first call, the spec, and all of its calls."""
    by_name: dict[tuple[str, bytes], list[Call]] = {}
    for call in calls(workflow):
        if call.data is not None:
            by_name.setdefault((call.name, call.data), []).append(call)
    for same in by_name.values():
        if (spec := same[0].spec) is not None:
            yield same[0], spec, same


def _is_selected_at_run_time(same: Sequence[Call], settings: _Settings) -> bool:
    """Return whether the client is selected at run time (metadata `configKey`), or by its Java class."""
    chosen = any("configKey" in call.function.get("metadata", ()) for call in same)
    package = f"{package_of(same[0], settings.values)}."
    return chosen or settings.starts_with(f'quarkus.rest-client."{package}') or settings.starts_with(package)


@rule(
    "missing-url",
    severity=Severity.WARNING,
    reason="A service's address differs between clusters, so it comes from the configuration.",
    consequence="The workflow builds and starts; every call fails with 400 `Unable to determine the proper "
    "baseUrl/baseUri`, or goes to http://localhost if the spec's server is only a path.",
    bad=_example(_CREDENTIAL),
    good=_GOOD,
)
def missing_url(workflow: Workflow) -> Iterator[Found]:
    """A spec whose service has no address in application.properties or in the spec."""
    settings = _Settings(workflow)
    for call, spec, same in _by_spec(workflow):
        client = settings.client(call)
        given = settings.given(*url_keys(client)) or _is_selected_at_run_time(same, settings)
        if given or "://" in spec.server:
            continue
        key = f"quarkus.rest-client.{client}.url"
        what = f"the service of {call.shown} has no URL"
        if profile := settings.only_in(url_keys(client)):
            what = f"the service of {call.shown} has a URL only in the profile {profile}, which no image runs in"
        elif spec.server:
            what = f"calls to {call.shown} go to http://localhost{spec.server_path}"
        message = f"{what}; add {key}=${{{environment_name(client)}_URL}} to application.properties"
        yield Found(at=call.at, message=message)


@rule(
    "missing-credentials",
    severity=Severity.WARNING,
    reason="The spec requires callers to authenticate.",
    consequence="The workflow builds and starts; calls go out with an empty user name, password or key, or with no "
    "token except the one of the request that started the run.",
    bad=_example(_URL % "${TICKETS_URL}"),
    good=_GOOD,
)
def missing_credentials(workflow: Workflow) -> Iterator[Found]:
    """A spec whose security scheme has no credentials in application.properties."""
    settings = _Settings(workflow)
    for call, spec, same in _by_spec(workflow):
        if settings.value(f"quarkus.openapi-generator.codegen.spec.{call.id}.enable-security-generation") == "false":
            continue
        if _is_selected_at_run_time(same, settings):
            continue
        for operation in (each.operation for each in same):
            missing = _missing_keys(operation, spec, call, settings) if operation else []
            if missing:
                keys = ", ".join(missing)
                what = f"'{operation.id}' of {call.shown} needs credentials that are not set" if operation else ""
                yield Found(at=call.at, message=f"{what}; add {keys} to application.properties")
                break


def _missing_keys(operation: Operation, spec: Spec, call: Call, settings: _Settings) -> list[str]:
    """Return the missing keys of the alternative with the fewest, which are none if an alternative is complete."""
    lists = [
        [key for name in together for key in _missing_scheme_keys(spec.schemes[name], call, settings)]
        for together in operation.security
    ]
    return min(lists, key=len, default=[])


def _missing_scheme_keys(scheme: SecurityScheme, call: Call, settings: _Settings) -> Iterator[str]:
    if scheme.kind == "oauth2":
        if not settings.starts_with("quarkus.oidc-client.") and not settings.given(
            _auth_key(call, scheme, "token-propagation")
        ):
            yield f"quarkus.oidc-client.{scheme.key}.auth-server-url"
        return
    for names in _NEEDS.get(scheme.kind, ()):
        keys = [_auth_key(call, scheme, name) for name in names]
        if not settings.given(*keys):
            yield keys[0]


def _auth_key(call: Call, scheme: SecurityScheme, name: str) -> str:
    return f"quarkus.openapi-generator.{call.id}.auth.{scheme.key}.{name}"


@rule(
    "base-path",
    severity=Severity.WARNING,
    reason="Credentials are added where the path of a request is that of the spec: the path of its first server plus "
    "that of the operation. The URL in application.properties replaces the server's, including the path.",
    consequence="Calls silently go out without the token, user and password, or key; if the spec's server has a path "
    "and the URL has none, they also go to the wrong path.",
    bad=_example(_URL % "https://example.com/api/v1" + _CREDENTIAL),
    good=_example(
        _URL % "https://example.com/api/v1" + _CREDENTIAL,
        _SPEC.replace("paths:", "servers: [{url: /api/v1}]\npaths:", 1),
    ),
)
def base_path(workflow: Workflow) -> Iterator[Found]:
    """A service URL whose path differs from that of the spec's server: calls lose their credentials."""
    settings = _Settings(workflow)
    for call, spec, same in _by_spec(workflow):
        entry = settings.url(call)
        if entry is None or _is_selected_at_run_time(same, settings):
            continue
        path = _path_of(expanded(entry.value.strip(), settings.values))
        if path is None:
            yield from _path_in_variable(spec, call, _at(workflow, entry), entry)
            continue
        losing = [each.operation for each in same if each.operation and _loses_credentials(each.operation, spec, path)]
        server = spec.server_path
        where = f"the path '{path}'" if path else "no path"
        if losing:
            ends = f"and the server of {call.shown} has {f'{server!r}' if server else 'none'}"
            help_ = f"write `servers: [{{url: {path}}}]` in it" if path else f"end the URL with {server}"
            message = f"the URL has {where} {ends}, so '{losing[0].id}' is called without its credentials; {help_}"
            yield Found(at=_at(workflow, entry), message=message)
        elif server and not path:
            message = (
                f"the URL has no path, and that of the server in {call.shown} is not added; end the URL with {server}"
            )
            yield Found(at=_at(workflow, entry), message=message)


def _at(workflow: Workflow, entry: Property) -> Position:
    return (workflow.properties or Properties(path="")).at_value(entry)


def _path_in_variable(spec: Spec, call: Call, at: Position, entry: Property) -> Iterator[Found]:
    """Yield a note about the path that a variable must contain, which cannot be checked."""
    if spec.server_path:
        name = next((found.name for found in expressions(entry.value)), "the URL")
        message = f"{name} must end with {spec.server_path}, the server path in {call.shown}, which is not added"
        yield Found(at=at, message=message, severity=Severity.NOTE)


def _path_of(url: str) -> str | None:
    """Return the path of a URL without a trailing slash, or None if a variable contains it."""
    _, scheme, rest = url.rpartition("://")
    host, _, path = rest.partition("/")
    whole = not scheme and (host == UNSET or UNSET not in host)
    if UNSET in path or (whole and not path):
        return None
    return f"/{path.split('?')[0]}".rstrip("/")


def _loses_credentials(operation: Operation, spec: Spec, path: str) -> bool:
    """Return whether a call loses its credentials: its path matches no operation with one of its security schemes."""
    schemes = {name for together in operation.security for name in together}
    return bool(schemes) and not any(
        other.may_be(operation.method, path + operation.path, spec.server_path)
        for other in spec.operations
        if any(other.takes(name) for name in schemes)
    )


@rule(
    "spec-clash",
    reason="The engine copies every spec into one folder by its name, and generates its client in a Java package "
    "named after the letters of that name alone: specs/a.yaml and subflows/specs/a.yaml clash, and so do a-v1.yaml "
    "and a-v2.yaml, and a.yaml and a.json, unless `quarkus.openapi-generator.codegen.spec.a_v2_yaml.base-package` "
    "names another package for one of the two.",
    consequence="The build succeeds; one spec overwrites the other, and calls to the other go to the wrong service "
    "or fail with `Could not find work item handler`.",
    bad=Example(
        definition=_FLOW.replace("states:", '  - {name: old, operation: "specs/tickets2.yaml#read"}\nstates:').replace(
            "[{functionRef: read}]", "[{functionRef: read}, {functionRef: old}]"
        ),
        files={
            "specs/tickets.yaml": _SPEC,
            "specs/tickets2.yaml": _SPEC.replace("/tickets", "/old"),
            "application.properties": "".join(
                line.replace("tickets_", name)
                for name in ("tickets_", "tickets2_")
                for line in (_URL % "${URL}", _CREDENTIAL)
            ),
            "secret.properties": "TICKETS_TOKEN=\n",
        },
    ),
    good=_GOOD,
)
def spec_clash(workflow: Workflow) -> Iterator[Found]:
    """Two specs of which the engine keeps only one, because their names are the same to it."""
    if workflow.configuration().get(STRATEGY, "FILE_NAME").upper() != "FILE_NAME":
        return
    configuration = workflow.configuration()
    first: dict[str, Call] = {}
    reported: set[tuple[str, bytes | None]] = set()
    for call in calls(workflow):
        package = package_of(call, configuration)
        other = first.setdefault(package, call)
        if (other.name, other.data) == (call.name, call.data) or (call.shown, call.data) in reported:
            continue
        reported.add((call.shown, call.data))
        one = f"one spec ('{package.removeprefix(PACKAGE)}')"
        what = f"the engine treats {call.shown} and {other.shown} as {one}, and one is lost"
        key = f"quarkus.openapi-generator.codegen.spec.{call.id}.base-package"
        help_ = f", or set {key}" if call.id != other.id else ""
        yield Found(at=call.at, message=f"{what}; rename one, changing its letters{help_}")

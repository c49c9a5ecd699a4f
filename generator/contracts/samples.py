"""Generates a value that fits a JSON Schema, from its examples and defaults if it has any.

The libraries jsf, fences and faker-jsonschema generate random values, ignore examples, or fail on circular references.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from itertools import islice, product
from random import Random
from typing import Any, Final

import rstr

from generator.contracts.json_schema import JsonSchema, subschemas

#: Below this depth, objects have only their required fields.
_MAX_OPTIONAL_DEPTH: Final = 6
#: The number of values after which only required ones are generated, and the number after which generation fails.
_MAX_WITH_OPTIONAL: Final = 1_000
_MAX_VALUES: Final = 20_000
#: The number of combinations of oneOf, anyOf and if, and of texts for a pattern, that are tried.
_MAX_ATTEMPTS: Final = 30
_GIVEN: Final = ("example", "examples", "default", "const", "enum")
_CHECKED: Final = ("type", "pattern", "format", "minLength", "maxLength", "not")
_LIMITS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
#: A value for each format; NAME is the name of the field.
_FORMATS: Final[Mapping[str, str]] = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "time": "03:04:05Z",
    "duration": "PT1M",
    "email": "NAME@example.com",
    "idn-email": "NAME@example.com",
    "hostname": "NAME.example.com",
    "idn-hostname": "NAME.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/NAME",
    "url": "https://example.com/NAME",
    "iri": "https://example.com/NAME",
    "uri-reference": "/NAME",
    "iri-reference": "/NAME",
    "uri-template": "/NAME",
    "json-pointer": "/NAME",
    "relative-json-pointer": "0/NAME",
    "regex": "NAME",
    "uuid": "7b9c2f4e-1d3a-4c5b-8e6f-0a1b2c3d4e5f",
}
#: The type to which a keyword belongs, for schemas without `type`.
_TYPE_BY_KEYWORD: Final = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "minProperties": "object",
    "items": "array",
    "minItems": "array",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    **dict.fromkeys(_LIMITS, "number"),
}


class _EndlessError(Exception):
    """A value that would have to contain itself."""


def example(schema: JsonSchema, *, complete: bool = True) -> Any:
    """Return a value that fits `schema`, deterministically, or None if circular references make that impossible.

    If `complete`, it has all optional fields; otherwise only those with an example or a default. If no attempt fits
    (because of a `not`, or a pattern that no short text matches), the value does not fit: check it with `fits`.
    """
    try:
        return _Composer(schema, complete=complete).value(schema.content, "", ())
    except _EndlessError:
        return None


class _Composer:
    """Generates one value. `above` are the references that lead to a subschema: one of them again is circular."""

    def __init__(self, schema: JsonSchema, *, complete: bool) -> None:
        self._schema = schema
        self._complete = complete
        self._made = 0

    def value(self, schema: Any, name: str, above: tuple[str, ...], number: int = 0, depth: int = 0) -> Any:
        """Return a value for a schema; `name` is that of its field, `number` its index if it is in a list."""
        self._made += 1
        if self._made > _MAX_VALUES:
            raise _EndlessError
        ways = [*islice(self._alternatives(schema, above), _MAX_ATTEMPTS)]
        whole = self._schema.below(schema)
        made: list[Any] = []
        for flat, inner in ways:
            try:
                made.append(self._from_alternative(flat, name, inner, number, depth))
            except _EndlessError:
                continue
            if len(ways) == 1 or whole.fits(made[-1]):
                return made[-1]
        if not made:
            raise _EndlessError
        return made[0]

    def _alternatives(self, schema: Any, above: tuple[str, ...]) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
        """Yield each alternative of a schema, with `$ref`, allOf, anyOf, oneOf and if resolved, and its references."""
        if not isinstance(schema, dict):
            yield {}, above
            return
        own = {key: value for key, value in schema.items() if key not in _RESOLVED_KEYWORDS}
        parts: list[Any] = [*subschemas(schema, "allOf")]
        if isinstance(reference := schema.get("$ref"), str):
            if reference in above:
                raise _EndlessError
            above = (*above, reference)
            parts.insert(0, self._schema.at(reference))
        choices = [[*subschemas(schema, key)] for key in ("oneOf", "anyOf") if schema.get(key)]
        if "if" in schema:
            choices.append([{}, {"allOf": [schema["if"], schema.get("then", {})]}, schema.get("else", {})])
        for chosen in product(*choices):
            yield from self._joined(own, [*parts, *chosen], above)

    def _joined(
        self, own: Mapping[str, Any], parts: list[Any], above: tuple[str, ...]
    ) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
        """Yield `own` merged with one alternative of each part. Examples of one part among several are ignored."""
        try:
            through = [[*islice(self._alternatives(part, above), _MAX_ATTEMPTS)] for part in parts]
        except _EndlessError:
            yield {"$endless": True}, above
            return
        for combination in product(*through):
            flats = [flat for flat, _ in combination]
            if len(flats) > 1:
                flats = [{key: value for key, value in flat.items() if key not in _GIVEN[:3]} for flat in flats]
            inner = tuple(dict.fromkeys((*above, *(reference for _, led in combination for reference in led))))
            yield reduce(_merged, [*flats, own], {}), inner

    def _from_alternative(
        self, flat: Mapping[str, Any], name: str, above: tuple[str, ...], number: int, depth: int
    ) -> Any:
        if "$endless" in flat:
            raise _EndlessError
        if (given := _own_values(flat)) is not None:
            return given[number % len(given)]
        made: Any = f"{name}{number or ''}" if name else {}
        match _type(flat):
            case "object":
                made = self._object(flat, above, depth)
            case "array":
                made = self._array(flat, name, above, depth)
            case "string":
                made = _string(flat, name or "text", number)
            case "integer" | "number" as kind:
                made = _number(flat, number, whole=kind == "integer")
            case "boolean":
                made = number % 2 == 0
            case "null":
                made = None
        return made

    def _object(self, flat: Mapping[str, Any], above: tuple[str, ...], depth: int) -> dict[str, Any]:
        properties: Mapping[str, Any] = flat.get("properties", {})
        required = [name for name in flat.get("required", ()) if isinstance(name, str)]
        rest = flat.get("additionalProperties", {})
        made: dict[str, Any] = {}
        for name, schema in properties.items():
            if name in required:
                made[name] = self.value(schema, name, above, depth=depth + 1)
            elif self._wanted(schema, depth, above):
                try:
                    made[name] = self.value(schema, name, above, depth=depth + 1)
                except _EndlessError:
                    continue
        for name in (*required, *(f"name{number}" for number in range(1, 1 + _minimum(flat, "minProperties")))):
            if name not in made and (name in required or len(made) < _minimum(flat, "minProperties")):
                made[name] = self.value(properties.get(name, rest), name, above, depth=depth + 1)
        most = flat.get("maxProperties", len(made))
        spare = [name for name in made if name not in required][: max(0, len(made) - most)]
        return {name: value for name, value in made.items() if name not in spare}

    def _wanted(self, schema: Any, depth: int, above: tuple[str, ...]) -> bool:
        """Return whether to generate an optional field."""
        if self._complete:
            return depth < _MAX_OPTIONAL_DEPTH and self._made < _MAX_WITH_OPTIONAL
        return self._has_given(schema, above)

    def _has_given(self, schema: Any, above: tuple[str, ...]) -> bool:
        """Return whether a schema, or one of its fields, has an example or a default."""
        try:
            flat, inner = next(self._alternatives(schema, above))
        except _EndlessError:
            return False
        fields = flat.get("properties", {}).values() if len(inner) < _MAX_OPTIONAL_DEPTH else ()
        return any(key in flat for key in _GIVEN[:4]) or any(self._has_given(field, inner) for field in fields)

    def _array(self, flat: Mapping[str, Any], name: str, above: tuple[str, ...], depth: int) -> list[Any]:
        items = flat.get("items", {})
        heads = items if isinstance(items, list) else [*subschemas(flat, "prefixItems")]
        rest = flat.get("additionalItems", {}) if isinstance(items, list) else items
        least = _minimum(flat, "minItems")
        wished = 1 if self._complete and depth < _MAX_OPTIONAL_DEPTH and rest is not False else 0
        number = min(max(least, wished, len(heads)), max(least, flat.get("maxItems", _MAX_VALUES)))
        singular = name.removesuffix("s") or "item"
        made: list[Any] = []
        for index in range(number):
            schema = heads[index] if index < len(heads) else rest
            try:
                made.append(self.value(schema, singular, above, index, depth + 1))
            except _EndlessError:
                if index < least:
                    raise
                break
        return made


#: Keywords that `_Composer._alternatives` resolves.
_RESOLVED_KEYWORDS: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "if", "then", "else"})


def _own_values(flat: Mapping[str, Any]) -> list[Any] | None:
    """Return a schema's own examples, default or choices, or None if it has none."""
    if "example" in flat:
        return [flat["example"]]
    if isinstance(flat.get("examples"), list) and flat["examples"]:
        return list(flat["examples"])
    for key in ("default", "const"):
        if key in flat:
            return [flat[key]]
    if isinstance(flat.get("enum"), list) and flat["enum"]:
        return list(flat["enum"])
    return None


def _type(flat: Mapping[str, Any]) -> str:
    """Return the first type that is not null, or the type to which the keywords belong, or ""."""
    given = flat.get("type")
    if isinstance(given, list):
        return next((str(one) for one in given if one != "null"), "null")
    if isinstance(given, str):
        return given
    return next((kind for keyword, kind in _TYPE_BY_KEYWORD.items() if keyword in flat), "")


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema for values that fit both, as far as that is possible without a solver."""
    merged = {**one, **other}
    for key in one.keys() & other.keys():
        a, b = one[key], other[key]
        match key:
            case "properties":
                both = {name: {"allOf": [a[name], b[name]]} for name in a.keys() & b.keys()}
                merged[key] = {**a, **b, **both}
            case "required":
                merged[key] = [*dict.fromkeys([*a, *b])]
            case "enum":
                merged[key] = [value for value in a if value in b]
            case "type":
                merged[key] = _common_type(a, b)
            case "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties":
                merged[key] = max(a, b)
            case "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties":
                merged[key] = min(a, b)
            case "items" | "additionalProperties" if isinstance(a, dict) and isinstance(b, dict):
                merged[key] = {"allOf": [a, b]}
            case "additionalProperties":
                merged[key] = b if a is True else a
    return merged


def _common_type(one: str | list[str], other: str | list[str]) -> list[str]:
    mine, theirs = ([given] if isinstance(given, str) else given for given in (one, other))
    common = [kind for kind in mine if kind in theirs]
    return common or ["integer" for kind in mine if {kind, *theirs} >= {"integer", "number"}][:1] or mine


def _minimum(flat: Mapping[str, Any], key: str) -> int:
    return int(flat.get(key, 0))


def _string(flat: Mapping[str, Any], name: str, number: int) -> str:
    """Return the field's name, adapted to its format, or a text that matches its pattern."""
    schema = {key: flat[key] for key in _CHECKED if key in flat} | {"type": "string"}
    checked = JsonSchema(content=schema, document=schema)
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "text"
    named = f"{plain}{number + 1}" if number else plain
    candidates = _texts(flat, named, number)
    first = next(candidates)
    return first if checked.fits(first) else next(filter(checked.fits, candidates), first)


def _texts(flat: Mapping[str, Any], name: str, number: int) -> Iterator[str]:
    least, most = _minimum(flat, "minLength"), flat.get("maxLength", math.inf)
    kind = flat.get("format")
    if kind in ("byte", "binary"):
        yield base64.b64encode(name.encode()).decode()
    elif isinstance(kind, str) and kind in _FORMATS:
        yield _FORMATS[kind].replace("NAME", name.lower())
    for text in (name, name.lower(), name.upper(), name.capitalize()):
        longer = text if len(text) >= least else (f"{text}-" * (least // len(text) + 1))[:least]
        yield longer if len(longer) <= most else longer[: int(most)]
    if isinstance(pattern := flat.get("pattern"), str):
        yield from (text.replace("NAME", name.lower()) for text in dict.fromkeys(_FORMATS.values()))
        yield from _matching(pattern, number)


def _matching(pattern: str, number: int) -> Iterator[str]:
    """Yield texts that match a pattern, generated by rstr; none if Python cannot read the pattern."""
    for seed in range(number, number + _MAX_ATTEMPTS):
        try:
            yield rstr.Rstr(Random(seed)).xeger(pattern)  # noqa: S311 - not a secret
        except (re.error, KeyError, OverflowError, ValueError):
            return


def _number(flat: Mapping[str, Any], number: int, *, whole: bool) -> int | float:
    schema = {key: flat[key] for key in _LIMITS if key in flat}
    checked = JsonSchema(content=schema, document=schema)
    plain = [*_numbers(flat, whole=whole)]
    counted = [*(one + number * _step(flat) for one in plain), *plain]
    made = [one for one in counted if not whole or float(one).is_integer()]
    found = next(filter(checked.fits, made), made[0] if made else 0)
    return int(found) if float(found).is_integer() else found


def _step(flat: Mapping[str, Any]) -> int | float:
    step: int | float = flat.get("multipleOf", 1)
    return step


def _numbers(flat: Mapping[str, Any], *, whole: bool) -> Iterable[int | float]:
    step = _step(flat)
    lows = [flat[key] for key in ("minimum", "exclusiveMinimum") if key in flat]
    highs = [flat[key] for key in ("maximum", "exclusiveMaximum") if key in flat]
    yield 1
    for low in lows:
        start = math.ceil(low / step) * step
        yield from (start, start + step)
    for high in highs:
        end = math.floor(high / step) * step
        yield from (end, end - step)
    yield from (step, 0)
    if lows and highs and not whole:
        yield (max(lows) + min(highs)) / 2

"""What the providers refuse in a JSON schema for structured output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def strict_problem(schema: object) -> str | None:
    """Return what OpenAI's strict mode finds wrong with a schema first, or None."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        kind = schema.get("type") if isinstance(schema, dict) else None
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    values = 0
    for path, one in _objects(schema, ()):
        values += len(one.get("enum", ()))
        if "properties" not in one and one.get("type") != "object":
            continue
        context = f"In context={path!r}, "
        if one.get("additionalProperties") is not False:
            return f"{context}'additionalProperties' is required to be supplied and to be false."
        missing = [
            name for name in one.get("properties", {}) if name not in one.get("required", ())
        ]
        if missing:
            return (
                f"{context}'required' is required to be supplied and to be an array including "
                f"every key in properties. Missing '{missing[0]}'."
            )
    if values > 1000:
        return f"Expected at most 1000 enum values in total within a schema, but got {values}."
    return None


def open_object(schema: object) -> bool:
    """Tell whether some object of a schema allows keys of any name, which Anthropic refuses."""
    if not isinstance(schema, dict):
        return True
    return any(
        one.get("type") == "object" and one.get("additionalProperties") is not False
        for _, one in _objects(schema, ())
    )


def _objects(schema: Schema, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Schema]]:
    yield path, schema
    for group in ("properties", "$defs", "definitions"):
        for name, one in schema.get(group, {}).items():
            yield from _objects(one, (*path, group, name))
    if isinstance(schema.get("items"), dict):
        yield from _objects(schema["items"], (*path, "items"))
    for number, one in enumerate(schema.get("anyOf", ())):
        yield from _objects(one, (*path, "anyOf", str(number)))

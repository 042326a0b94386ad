"""Answers to any prompt, shaped by any JSON schema, the same every time.

Where the schema asks for an array of objects with an ``id``, each post of the prompt gets one. An
enum gets the value whose words, and whose description in the instructions, the text shares most; a
code that the instructions list before a name (``- t07 "Name": …``) means that name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from linkedin_pipeline.simulators.faults import Kind, Standing
from linkedin_pipeline.simulators.prompts import Prompt, frequent_words, words
from linkedin_pipeline.simulators.tokens import as_bytes

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Composer:
    """Fills one schema for one prompt."""

    prompt: Prompt
    schema: Schema
    _meanings: dict[str, tuple[set[str], set[str]]] = field(default_factory=dict)

    def compose(self) -> Any:
        """Return a document that the schema allows."""
        return self._fill(self.schema, self.prompt.user)

    def item_schema(self) -> Schema | None:
        """Return the schema of the results that carry an ``id``, or None."""
        return _items_with_id(self.schema, self.schema)

    def _fill(self, schema: Schema, text: str) -> Any:
        schema = resolve(schema, self.schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choose(schema["enum"], text)
        match _type(schema):
            case "object":
                properties = schema.get("properties", {})
                return {name: self._fill(one, text) for name, one in properties.items()}
            case "array":
                return self._fill_array(schema, text)
            case "string":
                return phrase(text)
            case kind:
                return {"integer": schema.get("minimum", 0), "number": 0.5, "boolean": False}.get(
                    kind
                )

    def _fill_array(self, schema: Schema, text: str) -> list[Any]:
        items = resolve(schema.get("items", {}), self.schema)
        if "id" not in items.get("properties", {}) or not self.prompt.blocks:
            return [self._fill(items, text)] * max(int(schema.get("minItems", 1)), 1)
        return [
            {**self._fill(items, block.text), "id": typed_id(block.id, items)}
            for block in self.prompt.blocks
        ]

    def _choose(self, values: Sequence[Any], text: str) -> Any:
        found = words(text)

        def nearness(value: Any) -> tuple[int, int]:
            own, described = self._meaning(str(value))
            chance = crc32(as_bytes(f"{value}\n{text}"))  # decides between equals, alike each time
            return 3 * len(own & found) + len(described & found), chance

        return max((value for value in values if value is not None), key=nearness, default=None)

    def _meaning(self, value: str) -> tuple[set[str], set[str]]:
        if value not in self._meanings:
            lines = self.prompt.instructions.splitlines()
            found = " ".join(line for line in lines if value in line)
            name, described = self.prompt.codes.get(value, (value, found))
            self._meanings[value] = words(name.replace("_", " ")), words(described)
        return self._meanings[value]


def phrase(text: str) -> str:
    """Return a text of a few sentences that only depends on another one."""
    sentences = [one for one in re.split(r"[.!?\n]+", text) if one.strip()]
    length = len(text.split()) // max(len(sentences), 1)
    spoken = ", ".join(frequent_words(text, 5)) or "nothing much"
    return (
        f"Write sentences of about {length} words. Speak of {spoken}. Open with one short line, "
        "leave a blank line after it, keep every paragraph to three lines at most, and end with a "
        "question that readers can answer from their own work."
    )


def typed_id(value: str, items: Schema) -> str | int:
    """Return an id as the schema of the results wants it: a string, or an integer if it is one."""
    wants_integer = _type(items.get("properties", {}).get("id", {})) == "integer"
    return int(value) if wants_integer and value.lstrip("-").isdecimal() else value


def resolve(schema: Schema, root: Schema) -> Schema:
    """Follow a reference and choose the first alternative that is not null."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            path = str(schema["$ref"]).split("/")[1:]
            schema = root
            for part in path:
                schema = schema[part]
        else:
            chosen = [one for one in schema["anyOf"] if one.get("type") != "null"]
            schema = chosen[0] if chosen else {"type": "null"}
    return schema


def _type(schema: Schema) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    return str(kind)


def _items_with_id(schema: Schema, root: Schema) -> Schema | None:
    schema = resolve(schema, root)
    if _type(schema) == "array":
        items = resolve(schema.get("items", {}), root)
        return items if "id" in items.get("properties", {}) else None
    found = (_items_with_id(one, root) for one in schema.get("properties", {}).values())
    return next((one for one in found if one is not None), None)


def results(document: Any) -> list[dict[str, Any]] | None:
    """Return the list of results with an ``id`` inside an answer, itself and not a copy."""
    if isinstance(document, list) and all(
        isinstance(one, dict) and "id" in one for one in document
    ):
        return document
    if isinstance(document, dict):
        found = (results(one) for one in document.values() if isinstance(one, dict | list))
        return next((one for one in found if one is not None), None)
    return None


def spoil(document: Any, prompt: Prompt, items: Schema | None, faults: Sequence[Standing]) -> None:
    """Do to the results what faults ask for: to the post that a fault names, else to the first."""
    listed = results(document)
    if not listed or items is None:
        return
    properties = items["properties"]
    enums = [name for name, one in properties.items() if "enum" in resolve(one, items)]
    for standing in faults:
        wanted = standing.fault.contains
        texts = {str(block.id): block.text for block in prompt.blocks}
        at = next((n for n, one in enumerate(listed) if wanted in texts.get(str(one["id"]), "")), 0)
        match standing.fault.kind:
            case Kind.BAD_LABEL:
                listed[at].update(dict.fromkeys(enums[:1], "A label that is not in the list"))
            case Kind.DUPLICATE_ID:
                other = {
                    name: _another(resolve(properties[name], items)["enum"], listed[at][name])
                    for name in enums
                }
                listed.insert(at + 1, {**listed[at], **other})
            case Kind.MISSING_ID:
                del listed[at]
            case Kind.UNKNOWN_ID:
                strange = 987_654_321 if isinstance(listed[at]["id"], int) else "no-such-post"
                listed[at]["id"] = strange
            case _:
                continue
        if not listed:
            return


def _another(values: Sequence[Any], value: Any) -> Any:
    return next((one for one in values if one not in {value, None}), value)

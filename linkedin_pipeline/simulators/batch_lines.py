"""The lines of a batch file, and what is wrong with them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

MAX_LINES = 50_000


@dataclass(frozen=True, slots=True)
class LineError:
    """Why a batch fails its validation; lines count from 1."""

    code: str
    message: str
    line: int | None

    def as_json(self) -> dict[str, Any]:
        """Return the error as the batch shows it."""
        return {**asdict(self), "param": None}


def read_lines(content: bytes, endpoint: str) -> tuple[list[dict[str, Any]], list[LineError]]:
    """Read a batch file; with errors, no line of it is executed."""
    lines, errors = list[dict[str, Any]](), list[LineError]()
    seen: set[str] = set()
    model, inputs = None, 0
    written = [one for one in content.decode("utf-8", "replace").split("\n") if one.strip()]
    if not written:
        errors.append(LineError("empty_file", "The input file is empty.", None))
    for number, text in enumerate(written, start=1):
        line = _parsed(text)
        if line is None:
            errors.append(LineError("invalid_json_line", "This line is not a request.", number))
            continue
        body = line["body"]
        model = model or body.get("model")
        given = body.get("input")
        inputs += len(given) if isinstance(given, list) else 1
        problem = None
        if line["custom_id"] in seen:
            problem = ("duplicate_custom_id", f"The custom_id {line['custom_id']!r} comes twice.")
        elif line["method"] != "POST" or line["url"] != endpoint:
            problem = ("invalid_url", f"Method and URL must be POST and {endpoint}.")
        elif body.get("model") != model:
            problem = ("mismatched_model", f"All requests must use the model {model!r}.")
        if problem is not None:
            errors.append(LineError(*problem, number))
        seen.add(line["custom_id"])
        lines.append(line)
    if len(lines) > MAX_LINES or (endpoint == "/v1/embeddings" and inputs > MAX_LINES):
        message = f"At most {MAX_LINES} requests, and {MAX_LINES} embedding inputs, in one batch."
        errors.append(LineError("too_many_tasks", message, None))
    return lines, errors


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    complete = isinstance(line, dict) and line.keys() >= {"custom_id", "method", "url", "body"}
    usable = complete and isinstance(line["body"], dict) and isinstance(line["custom_id"], str)
    return line if usable else None


def file_document(
    identity: str, name: str, purpose: str, created: int, size: int
) -> dict[str, Any]:
    """Return a file as the API shows it."""
    return {
        "id": identity,
        "object": "file",
        "bytes": size,
        "created_at": created,
        "filename": name,
        "purpose": purpose,
        "status": "processed",
    }

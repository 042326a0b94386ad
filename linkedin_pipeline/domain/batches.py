"""Batches: many questions in one file, answered by the provider within a day at half price.

preparing   the intent is written, nothing has left
uploaded    the file is at the provider
submitted   the provider works on it, and is looked at from time to time
ended       its answers are kept
failed      there are none; its posts are asked about one call after the other
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from linkedin_pipeline.domain.ai import Model, Purpose, Usage
from linkedin_pipeline.domain.work import Stage

MAX_BYTES = 100_000_000
"""Of one file; the provider takes 200 MB."""
_PREFIX = "line-"


class BatchState(StrEnum):
    """How far a batch has come; see the module's table."""

    PREPARING = "preparing"
    UPLOADED = "uploaded"
    SUBMITTED = "submitted"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Question:
    """One post and stage that a line asks about, at its ``place`` in the line.

    ``key`` is that of the answer.  ``token`` is of the claim that it is asked for; None for another
    stage of the same post.
    """

    post_id: UUID
    stage: Stage
    key: bytes
    place: int
    token: int | None


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One request of the file, about ``size`` texts or posts; its tokens are upper bounds."""

    body: Mapping[str, Any]
    size: int
    questions: tuple[Question, ...]
    input_tokens: int
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch in our hands, fenced by ``holder``.

    ``age`` is in seconds; ``overdue`` says that its posts no longer wait for it.
    """

    id: UUID
    model: Model
    purpose: Purpose
    stage: Stage
    state: BatchState
    call_id: UUID | None
    line_sizes: Sequence[int]
    holder: UUID | None = None
    input_file_id: str | None = None
    provider_batch_id: str | None = None
    created_at: datetime | None = None
    age: float = 0.0
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class AskedPost:
    """A question of a line that came back, with the post as it is today."""

    place: int
    stage: Stage
    key: bytes
    post_id: UUID
    content: str
    hook: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """What a provider says of a batch; ``files`` hold its results once it is ``over``.

    ``code`` and ``reason`` say why it failed; no text of a post is in them.
    """

    status: str
    over: bool
    files: tuple[str, ...] = ()
    code: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one line's answer: questions answered, and those nobody asks any more."""

    usage: Usage
    answered: int = 0
    discarded: int = 0


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line of a result file; without a ``body`` the ``code`` says why."""

    line: int
    body: Mapping[str, Any] | None
    code: str = ""


def request_line(number: int, route: str, body: Mapping[str, Any]) -> bytes:
    """Write one line of a batch file."""
    line = {"custom_id": f"{_PREFIX}{number}", "method": "POST", "url": route, "body": body}
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def read_result(text: str) -> LineResult:
    """Read one line of a result file.

    Raises:
        ValueError: it is not a result of one of our lines.
    """
    try:
        document = json.loads(text)
    except RecursionError:
        document = None
    name = document.get("custom_id") if isinstance(document, dict) else None
    if not isinstance(name, str) or not name.startswith(_PREFIX):
        raise ValueError("it has no custom_id of ours")
    number = int(name.removeprefix(_PREFIX))
    response, error = document.get("response"), document.get("error")
    if isinstance(response, dict):
        status, body = response.get("status_code"), response.get("body")
        if status == 200 and isinstance(body, dict):
            return LineResult(number, body)
        return LineResult(number, None, f"HTTP {status}")
    code = error.get("code") if isinstance(error, dict) else None
    return LineResult(number, None, code if isinstance(code, str) else "no answer")

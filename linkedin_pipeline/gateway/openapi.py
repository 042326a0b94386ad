"""The OpenAPI document, made from the same tables as the routes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from linkedin_pipeline.gateway.doors import DOORS, PREFIX, Door
from linkedin_pipeline.gateway.jobs import LONGEST_WAIT, WAIT_SECONDS
from linkedin_pipeline.gateway.orchestrator import ACTIONS, MOST_LOGS

_COUNT = {"type": "integer", "minimum": 0}
_TIME = {"type": ["string", "null"], "format": "date-time"}
_TEXT_OR_NOTHING = {"type": ["string", "null"]}


def document() -> dict[str, Any]:
    """Return the document, OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "linkedin_pipeline: HTTP gateway",
            "version": version("linkedin_pipeline"),
            "description": "Starts the pipeline's Dagster jobs, shows and switches its workers.",
        },
        "security": [{"secret": []}],
        "paths": {
            **{door.path: {"post": _door(door)} for door in DOORS},
            f"{PREFIX}/orchestrator-v2": {
                "get": _orchestrator("orchestrator"),
                "post": {**_orchestrator("orchestrator_post"), "requestBody": _BODY},
            },
            "/healthz": {"get": _HEALTH},
            "/openapi.json": {"get": _SELF},
        },
        "components": {
            "securitySchemes": {
                "secret": {"type": "apiKey", "in": "header", "name": "X-Scheduler-Secret"}
            },
            "schemas": _SCHEMAS,
            "responses": {"Error": _json("An error.", _ref("Error"))},
        },
    }


def _ref(name: str, kind: str = "schemas") -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _json(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


def _errors(*statuses: int) -> dict[str, Any]:
    return {str(status): _ref("Error", "responses") for status in statuses}


def _parameter(name: str, schema: Mapping[str, Any], what: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": what, **more}


def _door(door: Door) -> dict[str, Any]:
    return {
        "operationId": door.name.replace("-", "_"),
        "summary": door.does,
        "description": (
            f"Starts the job `{door.job}`; while a run of it waits or runs, the same run. With "
            "`wait` it answers what the run did, or 202 when that takes longer than `timeout`."
        ),
        "parameters": [
            _parameter("wait", {"type": "boolean"}, "Answer when the run has ended."),
            _parameter(
                "timeout",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": LONGEST_WAIT,
                    "default": WAIT_SECONDS,
                },
                "Seconds to wait for that.",
            ),
        ],
        "requestBody": _BODY,
        "responses": {
            "200": _json(
                "What the run did, or that the worker is switched off and nothing was started.",
                {"oneOf": [_ref("Ended"), _ref("Skipped")]},
            ),
            "202": _json("The run waits or runs.", _ref("Accepted")),
            **_errors(400, 401, 405, 408, 413, 415, 503),
            "500": _json("The run that was waited for failed.", _ref("Failed")),
        },
    }


def _orchestrator(name: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": "Look at the workers, or switch them.",
        "parameters": [
            _parameter(
                "action", {"type": "string", "enum": list(ACTIONS)}, "What to do.", required=True
            ),
            _parameter(
                "worker",
                {"type": "string", "minLength": 1},
                "Which worker to switch (needed for that), or whose logs; - and _ are alike.",
            ),
            _parameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MOST_LOGS, "default": 50},
                "How many logs, the newest first.",
            ),
        ],
        "responses": {
            "200": _json("What was asked for.", _ref("Orchestrated")),
            **_errors(400, 401, 404, 405, 408, 413, 415, 500, 503),
        },
    }


_BODY = {
    "description": "Not needed. Older callers send an object, which is read and not looked at.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_HEALTH = {
    "operationId": "healthz",
    "summary": "Whether the database answers and Dagster's daemon is alive.",
    "security": [],
    "responses": {
        "200": _json("Both.", _object("status", status={"const": "ok"})),
        **_errors(405, 503),
    },
}
_SELF = {
    "operationId": "openapi",
    "summary": "This document.",
    "responses": {
        "200": _json("It.", {"type": "object"}),
        **_errors(400, 401, 405, 408, 413, 415, 503),
    },
}
_NUMBERS = {
    "run_id": {"type": "string"},
    "items_found": _COUNT,
    "items_processed": _COUNT,
    "items_failed": _COUNT,
    "duration_ms": _COUNT,
    "log_id": _TEXT_OR_NOTHING,
}
_LOG = _object(
    "log_id worker status started_at items_found items_processed items_failed",
    log_id={"type": "string"},
    worker={"type": "string"},
    status={"enum": ["running", "completed", "failed"]},
    started_at=_TIME,
    completed_at=_TIME,
    duration_ms={"type": ["integer", "null"]},
    items_found=_COUNT,
    items_processed=_COUNT,
    items_failed=_COUNT,
    error=_TEXT_OR_NOTHING,
    run_id=_TEXT_OR_NOTHING,
)
_SCHEMAS = {
    "Error": _object(
        "error code request_id",
        error={"type": "string"},
        code={"type": "string"},
        request_id={"type": "string"},
    ),
    "Skipped": {
        **_object("success skipped", success={"const": True}, skipped={"const": "disabled"}),
        "additionalProperties": False,
    },
    "Accepted": _object(
        "success worker run_id message",
        success={"const": True},
        worker={"type": "string"},
        run_id={"type": "string"},
        message={"type": "string"},
    ),
    "Ended": _object(
        f"success worker message {' '.join(_NUMBERS)}",
        success={"const": True},
        worker={"type": "string"},
        message={"type": "string"},
        **_NUMBERS,
    ),
    "Failed": {
        "oneOf": [
            _object(
                f"success worker error code request_id {' '.join(_NUMBERS)}",
                success={"const": False},
                worker={"type": "string"},
                error={"type": "string"},
                code={"const": "run_failed"},
                request_id={"type": "string"},
                **_NUMBERS,
            ),
            {**_ref("Error"), "not": {"required": ["success"]}},
        ]
    },
    "Log": _LOG,
    "Orchestrated": _object(
        "success",
        success={"const": True},
        workers={
            "type": "object",
            "additionalProperties": _object(
                "is_enabled",
                is_enabled={"type": "boolean"},
                pending=_COUNT,
                last_run={"oneOf": [_ref("Log"), {"type": "null"}]},
                description={"type": "string"},
            ),
        },
        dagster_daemon=_object(
            "state",
            state={"enum": ["running", "stopped", "unknown"]},
            age={"type": ["number", "null"]},
            reason=_TEXT_OR_NOTHING,
        ),
        pending={
            "type": "object",
            "additionalProperties": _object(
                "pending waiting leased oldest_due",
                pending=_COUNT,
                waiting=_COUNT,
                leased=_COUNT,
                oldest_due=_TIME,
            ),
        },
        logs={"type": "array", "items": _ref("Log")},
        worker={"type": "string"},
        is_enabled={"type": "boolean"},
    ),
}

"""What the chaos pulls and sees: the simulator over HTTP, the database past any outage."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import psycopg
from psycopg.rows import TupleRow

_PATIENCE = 60.0


class Sandbox:
    """A simulator's levers; safe in threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.images = f"{url}/images"
        self._http = httpx.Client(timeout=120, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def arm(self, faults: Sequence[Mapping[str, Any]]) -> list[int]:
        """Let things go wrong; return the numbers."""
        answer = self._http.post(f"{self.url}/_simulator/faults", json=list(faults))
        ids: list[int] = answer.raise_for_status().json()["ids"]
        return ids

    def struck(self, number: int) -> int:
        """Return how often a fault struck."""
        answer = self._http.get(f"{self.url}/_simulator/faults/{number}")
        return int(answer.raise_for_status().json()["struck"])

    def release(self, number: int) -> None:
        """Let the calls go that a fault holds."""
        self._http.post(f"{self.url}/_simulator/faults/{number}/release").raise_for_status()

    def faults(self) -> list[Mapping[str, Any]]:
        """Return every fault that was asked for, with how often it struck."""
        found: list[Mapping[str, Any]] = self._get("/_simulator/faults")
        return found

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self._http.delete(f"{self.url}/_simulator/faults").raise_for_status()

    def connect(self, accounts: Sequence[Mapping[str, Any]]) -> None:
        """Connect accounts, or change them."""
        self._send("/unipile/_simulator/accounts", accounts)

    def store(self, pictures: Sequence[Mapping[str, Any]]) -> None:
        """Store pictures."""
        self._send("/images/_simulator/images", pictures)

    def plant(self, author: str, text: str) -> None:
        """Let a person publish by hand."""
        self._send("/unipile/_simulator/posts", {"author": author, "text": text})

    def posts(self, **query: str) -> list[Mapping[str, Any]]:
        """Return what is published: ``author``, ``text`` narrow it down."""
        found: list[Mapping[str, Any]] = self._get("/unipile/_simulator/posts", query)["posts"]
        return found

    def attempts(self, **query: str) -> list[Mapping[str, Any]]:
        """Return every POST; ``step`` narrows them down to those that have come so far."""
        found: list[Mapping[str, Any]] = self._get("/unipile/_simulator/attempts", query)
        return found

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        answer = self._http.get(f"{self.url}{path}", params=query or {})
        return answer.raise_for_status().json()

    def _send(self, path: str, document: Any) -> None:
        self._http.post(f"{self.url}{path}", json=document).raise_for_status()


class Records:
    """A connection of one thread, opened anew whenever the server was killed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: psycopg.Connection[TupleRow] | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._opened is not None:
            self._opened.close()

    def rows(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Run a statement that may run twice, and return its rows."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                if self._opened is None:
                    self._opened = psycopg.connect(self._url, autocommit=True)
                cursor = self._opened.execute(statement.encode(), arguments or None)
                return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError:  # the server was killed, perhaps by ourselves
                self.close()
                self._opened = None
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def value(self, statement: str, *arguments: Any) -> Any:
        """Return the first column of the first row, or None."""
        found = self.rows(statement, *arguments)
        return found[0][0] if found else None


class Tally:
    """Counts by name, from any thread."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def add(self, name: str) -> None:
        """Count one."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + 1

    def counts(self) -> dict[str, int]:
        """Return the counts by name."""
        with self._lock:
            return dict(sorted(self._counts.items()))

"""Clients without retries of their own, and requests that tests send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import anthropic
import httpx
import openai

from linkedin_pipeline.simulators.anthropic import AnthropicSimulator
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.serving import serving

EMBEDDER = "text-embedding-3-small"
TOPICS = ("Leadership", "Cooking", "Sailing")
AUDIENCES = ("Founders", "Cooks")
INSTRUCTIONS = """Choose one topic and one audience for each post.
- Leadership: managers, teams, decisions
- Cooking: recipes, ovens, bread
- Sailing: boats, wind, sea"""
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "topic": {"type": "string", "enum": list(TOPICS)},
                    "audience": {"type": "string", "enum": list(AUDIENCES)},
                },
                "required": ["id", "topic", "audience"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["results"],
    "additionalProperties": False,
}
STYLE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"style": {"type": "string"}},
    "required": ["style"],
    "additionalProperties": False,
}
POSTS = {
    "a": "The sea was calm and the wind filled our boats.",
    "b": "Bread wants a hot oven and a patient cook.",
}


def blocks(posts: Mapping[str, str]) -> str:
    """Return posts as a prompt carries them."""
    return "\n".join(f'<post id="{name}">\n{text}\n</post>' for name, text in posts.items())


def strict(schema: Mapping[str, Any] = SCHEMA) -> dict[str, Any]:
    """Return the response format of OpenAI for a schema."""
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": schema},
    }


class OpenAIClient:
    """OpenAI's client, and raw HTTP to the same place."""

    def __init__(self, simulator: OpenAISimulator, url: str, http: httpx.Client) -> None:
        self.simulator = simulator
        self.url = url
        self.http = http
        self.sdk = openai.OpenAI(api_key="sk-simulated", base_url=f"{url}/v1", max_retries=0)

    def embed(self, texts: Sequence[str] | str = ("One text.",), **rest: Any) -> Any:
        """Embed texts through the official client."""
        return self.sdk.embeddings.create(model=EMBEDDER, input=list(texts), **rest)

    def label(self, posts: Mapping[str, str] = POSTS, **rest: Any) -> Any:
        """Ask for topics and audiences through the official client; return the completion."""
        arguments: dict[str, Any] = {
            "model": "gpt-5-mini",
            "messages": [
                {"role": "developer", "content": INSTRUCTIONS},
                {"role": "user", "content": blocks(posts)},
            ],
            "response_format": strict(),
            "reasoning_effort": "minimal",
            **rest,
        }
        return self.sdk.chat.completions.create(**arguments)

    def post(self, path: str, document: object) -> httpx.Response:
        """Send JSON as it stands."""
        return self.http.post(f"/v1{path}", json=document)


@contextmanager
def openai_client(simulator: OpenAISimulator) -> Iterator[OpenAIClient]:
    """Serve a simulator of OpenAI and give clients of it."""
    headers = {"authorization": "Bearer sk-simulated"}
    with serving(simulator) as url, httpx.Client(base_url=url, headers=headers) as http:
        client = OpenAIClient(simulator, url, http)
        with client.sdk:
            yield client


class AnthropicClient:
    """Anthropic's client, and raw HTTP to the same place."""

    def __init__(self, simulator: AnthropicSimulator, url: str, http: httpx.Client) -> None:
        self.simulator = simulator
        self.url = url
        self.http = http
        self.sdk = anthropic.Anthropic(api_key="sk-simulated", base_url=url, max_retries=0)

    def ask(self, **rest: Any) -> Any:
        """Send a message through the official client."""
        arguments: dict[str, Any] = {
            "model": "claude-opus-4-6",
            "max_tokens": 4000,
            "messages": [{"role": "user", "content": "Write a prompt about bread and ovens."}],
            **rest,
        }
        return self.sdk.messages.create(**arguments)


@contextmanager
def anthropic_client(simulator: AnthropicSimulator) -> Iterator[AnthropicClient]:
    """Serve a simulator of Anthropic and give clients of it."""
    with serving(simulator) as url, httpx.Client(base_url=url) as http:
        client = AnthropicClient(simulator, url, http)
        with client.sdk:
            yield client

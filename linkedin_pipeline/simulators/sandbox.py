"""All simulated providers behind one port, and the variables that point at them."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from linkedin_pipeline.simulators.admin import admin_routes
from linkedin_pipeline.simulators.anthropic import AnthropicSimulator
from linkedin_pipeline.simulators.faults import Faults
from linkedin_pipeline.simulators.ledger import Ledger
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.simulator import Behaviour

KEY = "sk-simulated"


class Sandbox:
    """OpenAI at ``/openai``, Anthropic at ``/anthropic``, one ledger and one list of faults."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.faults, self.ledger = Faults(), Ledger()
        self.openai = OpenAISimulator(self.behaviour, faults=self.faults, ledger=self.ledger)
        self.anthropic = AnthropicSimulator(self.behaviour, faults=self.faults, ledger=self.ledger)
        resets = [self.openai.reset, self.anthropic.reset]
        self._app = Starlette(
            routes=[
                Mount("/_simulator", routes=admin_routes(self.faults, self.ledger, resets)),
                Mount("/openai", self.openai),
                Mount("/anthropic", self.anthropic),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, receive, send)

    @staticmethod
    def variables(url: str) -> Mapping[str, str]:
        """Return the environment variables that lead a program to a sandbox served at ``url``."""
        return {
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": f"{url}/openai/v1",
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": f"{url}/anthropic",
        }

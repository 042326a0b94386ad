"""All simulated providers behind one port, and the variables that point at them."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from linkedin_pipeline.simulators.admin import admin_routes
from linkedin_pipeline.simulators.anthropic import AnthropicSimulator
from linkedin_pipeline.simulators.edges import EdgesSimulator
from linkedin_pipeline.simulators.faults import Faults
from linkedin_pipeline.simulators.images import ImageSimulator
from linkedin_pipeline.simulators.ledger import Ledger
from linkedin_pipeline.simulators.openai import OpenAISimulator
from linkedin_pipeline.simulators.simulator import Behaviour
from linkedin_pipeline.simulators.unipile import UnipileSimulator
from linkedin_pipeline.simulators.unipile_accounts import Account, Organization

KEY = "sk-simulated"
ACCOUNTS = (
    Account("acc_ada", "Ada Byron", "ACoAAada", organizations=(Organization("1001", "Engines"),)),
    Account("acc_ben", "Ben Okri", "ACoAAben"),
)


class Sandbox:
    """Each provider under its name (``/openai`` …), with one ledger and one list of faults."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.faults, self.ledger = Faults(), Ledger()
        self.openai = OpenAISimulator(self.behaviour, faults=self.faults, ledger=self.ledger)
        self.anthropic = AnthropicSimulator(self.behaviour, faults=self.faults, ledger=self.ledger)
        self.unipile = UnipileSimulator(
            self.behaviour, accounts=ACCOUNTS, faults=self.faults, ledger=self.ledger
        )
        self.images = ImageSimulator(self.behaviour, faults=self.faults, ledger=self.ledger)
        self.edges = EdgesSimulator(
            self.behaviour, faults=self.faults, ledger=self.ledger, mounted_at="/edges"
        )
        every = (self.openai, self.anthropic, self.unipile, self.images, self.edges)
        resets = [simulator.reset for simulator in every]
        self._app = Starlette(
            routes=[
                Mount("/_simulator", routes=admin_routes(self.faults, self.ledger, resets)),
                *(Mount(f"/{simulator.provider}", simulator) for simulator in every),
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
            "EDGES_API_KEY": KEY,
            "EDGES_BASE_URL": f"{url}/edges/v1",
            "UNIPILE_API_KEY": KEY,
            "UNIPILE_BASE_URL": f"{url}/unipile/api/v1",
            # pictures are at {url}/images/<account hash>/<id>/<variant>
            "MEDIA_ALLOWED_HOSTS": f"imagedelivery.net,{url}",
        }

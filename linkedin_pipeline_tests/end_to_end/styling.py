"""A style drain with Claude and GPT over simulators; as a process, one that dies before it stores.

Arguments: database URL, URL of the simulator of Anthropic, that of OpenAI's.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta

from linkedin_pipeline.adapters.anthropic_client import AnthropicClient
from linkedin_pipeline.adapters.anthropic_styles import anthropic_styles
from linkedin_pipeline.adapters.calls import Caller, CallLimits
from linkedin_pipeline.adapters.fallback_styles import FallbackStyleWriter
from linkedin_pipeline.adapters.limiter import RateLimiter
from linkedin_pipeline.adapters.openai_client import OpenAiClient
from linkedin_pipeline.adapters.openai_styles import openai_styles
from linkedin_pipeline.database.connections import Database
from linkedin_pipeline.database.ledger import PostgresAiLedger, PostgresAnswerStore
from linkedin_pipeline.database.log import PostgresWorkLog
from linkedin_pipeline.database.styles import PostgresStyleDesk
from linkedin_pipeline.domain.ai import Model
from linkedin_pipeline.domain.profiles import ProfileClaim
from linkedin_pipeline.domain.styles import StyleVector, WrittenStyle
from linkedin_pipeline.wiring import SystemClock
from linkedin_pipeline.workers.styles import StyleLimits, StyleReport, drain_styles
from linkedin_pipeline_tests.fakes import HashEmbedder

CLAUDE = Model("anthropic", "claude-opus-4-6")
GPT = Model("openai", "gpt-5.2")


class DyingDesk(PostgresStyleDesk):
    """Kills its process when a style is about to be stored."""

    def store(
        self,
        claim: ProfileClaim,
        written: WrittenStyle,
        analysis: Mapping[str, object],
        vector: StyleVector | None,
    ) -> bool:
        """Die."""
        os.kill(os.getpid(), signal.SIGKILL)
        return super().store(claim, written, analysis, vector)


def drain(
    url: str, anthropic: str, openai: str, *, dies: bool = False, lease: float = 60.0
) -> StyleReport:
    """Write due styles."""
    clock = SystemClock()
    limits = CallLimits(patience=0.0, tries=2, first_delay=0.0)
    claude, gpt = AnthropicClient("sk-secret", anthropic), OpenAiClient("sk-secret", f"{openai}/v1")
    with Database(url) as database, claude.sdk, gpt.sdk:
        ledger = PostgresAiLedger(database)
        callers = [Caller(ledger, RateLimiter(clock), clock, limits) for _ in range(2)]
        writer = FallbackStyleWriter(
            [anthropic_styles(claude, CLAUDE, callers[0]), openai_styles(gpt, GPT, callers[1])],
            PostgresAnswerStore(database),
        )
        return drain_styles(
            (DyingDesk if dies else PostgresStyleDesk)(database),
            writer,
            HashEmbedder(),
            PostgresWorkLog(database),
            clock,
            StyleLimits(lease=timedelta(seconds=lease)),
        )


if __name__ == "__main__":
    drain(*sys.argv[1:4], dies=True, lease=1.0)

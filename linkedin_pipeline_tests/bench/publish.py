"""How late posts go out when all are due at once, with one slow account and with none.

    scripts/bench publish [--accounts 50] [--rounds 5] [--latency 0.3] [--slow 20]

Rounds alternate, so that whatever else the machine does falls on both alike: trust the ratios.
Lateness is from the instant that a post was due until the simulator, a process of its own, has its
POST; the slow account's own post is left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import quantiles

import psycopg

from linkedin_pipeline.publishing_wiring import publishing
from linkedin_pipeline.settings import Settings
from linkedin_pipeline.wiring import build_providers
from linkedin_pipeline.workers.report import Stop
from linkedin_pipeline_tests.bench.servers import fresh_server
from linkedin_pipeline_tests.chaos.levers import Sandbox
from linkedin_pipeline_tests.chaos.processes import simulator, variables

SLOW = "acc_0"


class Town:
    """Accounts of one simulator, and their posts in one database."""

    def __init__(self, url: str, sandbox: Sandbox, accounts: int) -> None:
        self.url = url
        self.sandbox = sandbox
        self.accounts = accounts
        self.settings = Settings.from_environment(variables(url, sandbox.url))
        sandbox.connect([{"id": f"acc_{number}"} for number in range(accounts)])
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "with p as (insert into profiles (full_name, linkedin_id) "
                "select 'Person ' || n, 'person-' || n from generate_series(0, %s) as n "
                "returning id, linkedin_id) "
                "insert into unipile_accounts (profile_id, unipile_account_id, status) "
                "select id, replace(linkedin_id, 'person-', 'acc_'), 'OK' from p",
                [accounts - 1],
            )

    def lateness(self, name: str, latency: float, slow: float) -> list[float]:
        """Publish one post of each account, all due at once; return seconds of lateness."""
        faults = [{"kind": "latency", "route": "/api/v1", "seconds": latency, "times": None}]
        if slow:
            more = {"account": SLOW, "route": "POST", "seconds": slow}
            faults.append({"kind": "latency", "times": None, **more})
        self.sandbox.arm(faults)
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "insert into scheduled_posts (author_id, content, scheduled_at) "
                "select profile_id, %s || ' of ' || unipile_account_id, now() "
                "from unipile_accounts",
                [name],
            )
            providers = build_providers(self.settings)
            with providers.database() as database, publishing(providers, database) as made:
                report = made.publish()
            if report.stop is not Stop.EMPTY:
                raise SystemExit(f"The pass stopped: {report.stop} ({report.reason})")
            [(due,)] = connection.execute(
                "select extract(epoch from min(scheduled_at))::float from scheduled_posts "
                "where content like %s || ' of %%'",
                [name],
            ).fetchall()
        self.sandbox.calm()
        attempts = self.sandbox.attempts(text=f"{name} of ")
        if sum(one["accepted"] for one in attempts) != self.accounts:
            raise SystemExit(f"{len(attempts)} POSTs for {self.accounts} accounts.")
        return [one["at"] - due for one in attempts if one["sent"]["account_id"] != SLOW]


def show(name: str, seconds: Sequence[float]) -> tuple[float, float]:
    """Print a line, and return the median and the 99th percentile."""
    cut = quantiles(seconds, n=100)
    print(f"{name:24} {cut[49]:8.3f} {cut[98]:8.3f} {max(seconds):8.3f}")
    return cut[49], cut[98]


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="scripts/bench publish", description=__doc__)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.3, help="of every call, in seconds")
    parser.add_argument("--slow", type=float, default=20, help="of the slow account, in seconds")
    options = parser.parse_args()
    with ExitStack() as stack:
        url = stack.enter_context(fresh_server())
        sandbox = Sandbox(stack.enter_context(simulator()))
        stack.callback(sandbox.close)
        town = Town(url, sandbox, options.accounts)
        town.lateness("warming up", 0, 0)
        without, beside = list[float](), list[float]()
        for number in range(options.rounds):
            without += town.lateness(f"without {number}", options.latency, 0)
            beside += town.lateness(f"beside {number}", options.latency, options.slow)
    print(
        f"{options.accounts} posts of {options.accounts} accounts due at once, {options.rounds} "
        f"rounds; each call takes {options.latency} s, those of the slow account "
        f"{options.slow} s more\n\nlateness, s                   p50      p99  longest"
    )
    usual, slowed = show("no account is slow", without), show("beside a slow account", beside)
    ratios = [one / other for one, other in zip(slowed, usual, strict=True)]
    print(f"{'ratio':24} {ratios[0]:8.2f} {ratios[1]:8.2f}")


if __name__ == "__main__":
    main()

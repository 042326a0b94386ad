"""``scripts/chaos publish [--posts N] [--seed S] [--publishers N] [--json] [--quiet]``.

Publishers are killed and frozen at every step of a publication, the database is killed, and
everything goes wrong with LinkedIn that the simulator knows, in an order that the seed decides.
Then it is calm, and the simulator's ledger is compared with what was intended: every text exists
once, or its state says why not.  Exits 1 when anything was doubled, lost or wrong.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from dataclasses import asdict

from linkedin_pipeline_tests.chaos.publish import Result, progress, run


def main() -> int:
    """Read the arguments, run, report."""
    parser = argparse.ArgumentParser(
        prog="scripts/chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["publish"])
    parser.add_argument("--posts", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--publishers", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--quiet", action="store_true", help="do not say how far it is")
    options = parser.parse_args()
    if options.posts < 1 or options.publishers < 1:
        parser.error("at least one post and one publisher are needed")
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    say = (lambda _: None) if options.quiet else progress
    result = run(options.posts, seed, options.publishers, say)
    if options.json:
        print(json.dumps({**asdict(result), "ok": result.ok}, default=str))
    else:
        show(result)
    return 0 if result.ok else 1


def show(result: Result) -> None:
    """Print the report."""
    print(
        f"seed {result.seed}, commit {result.commit}, {result.posts} posts, {result.seconds:.0f} s"
    )
    for title, counts in (
        ("POSTs at the simulator", result.attempts),
        ("kills", result.kills),
        ("faults that struck", result.faults),
        ("what people did", result.people),
        ("states at the end", result.verdict.states),
        ("reasons", result.verdict.reasons),
    ):
        print(f"\n{title}: {sum(counts.values())}")
        for name, count in sorted(counts.items()):
            print(f"  {count:6}  {name}")
    if result.missed_steps:
        print(f"\nsteps that never came: {', '.join(result.missed_steps)}")
    for finding, known in zip(result.verdict.findings, result.known, strict=False):
        print(f"\n{finding.fault.upper()} {finding.key} in {finding.feed}: {finding.why}")
        for one in known:
            print(f"    {one}")
    if result.failed_publishers:
        print(f"\n{result.failed_publishers} publishers failed:\n{result.log}")
    words = ", ".join(f"{count} {fault}" for fault, count in result.verdict.counts().items())
    print(f"\n{words}: {'as it must be' if result.ok else 'NOT as it must be'}")


if __name__ == "__main__":
    raise SystemExit(main())

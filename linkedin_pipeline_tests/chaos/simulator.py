"""Unipile and images simulated in a process of their own; prints the address."""

from __future__ import annotations

from linkedin_pipeline.listening import address, listen
from linkedin_pipeline.simulators.sandbox import Sandbox
from linkedin_pipeline.simulators.serving import serve


def main() -> None:
    """Serve until the process ends."""
    sandbox = Sandbox()
    sandbox.unipile.accounts.clear()
    with listen("127.0.0.1", 0) as listening:
        print(address(listening), flush=True)
        serve(sandbox, listening)


if __name__ == "__main__":
    main()

"""``python -m linkedin_pipeline.simulators``: the sandbox in a process of its own, for programs.

It prints one line, ``{"url": …, "variables": {…}}``, once it listens, and serves until it is ended.
What it was asked is read over HTTP, also after the caller that asked was killed.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import suppress

from linkedin_pipeline.domain.errors import BadInput
from linkedin_pipeline.listening import address, listen
from linkedin_pipeline.simulators.sandbox import Sandbox
from linkedin_pipeline.simulators.serving import serve


def main() -> None:
    """Serve on the address that the arguments name; port 0 takes a free one."""
    parser = argparse.ArgumentParser(prog="python -m linkedin_pipeline.simulators")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    try:
        listening = listen(given.host, given.port)
    except BadInput as error:
        parser.error(str(error))
    with listening, suppress(KeyboardInterrupt):
        url = address(listening)
        served = Sandbox()
        sys.stdout.write(json.dumps({"url": url, "variables": served.variables(url)}) + "\n")
        sys.stdout.flush()
        serve(served, listening)


if __name__ == "__main__":
    main()

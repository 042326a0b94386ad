"""Stand-ins for the providers over HTTP: their wire formats, limits and moods, without their bills.

Each provider is a `Simulator`, an ASGI application; `serving` gives it a socket.  What they share
(faults on request, the ledger, token buckets) stands beside them, ready for the next provider.
"""

"""Use cases over ports; no I/O of their own."""

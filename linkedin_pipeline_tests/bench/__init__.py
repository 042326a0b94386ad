"""Measurements that people start with scripts/bench; no test and no CI runs them."""

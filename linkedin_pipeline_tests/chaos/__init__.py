"""Publishing under kills and faults: scripts/chaos runs it, the verdict is the simulator's."""

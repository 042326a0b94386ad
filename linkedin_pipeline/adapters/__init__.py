"""How the ports are met: providers and files."""

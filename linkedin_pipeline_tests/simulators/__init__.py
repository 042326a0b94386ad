"""The simulated providers, spoken to by the official clients over real sockets."""

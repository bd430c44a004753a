"""The network graph and the questions rules ask of it."""

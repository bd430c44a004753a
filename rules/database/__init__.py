"""MySQL and other data services: network side."""

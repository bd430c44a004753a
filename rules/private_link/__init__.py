"""Private endpoints and platform services."""

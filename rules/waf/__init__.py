"""Web application firewall."""

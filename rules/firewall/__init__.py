"""Azure Firewall: its policies and their rules."""

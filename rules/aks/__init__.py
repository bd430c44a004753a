"""AKS networking."""

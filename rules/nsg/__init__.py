"""Network security groups, NICs, admin rules."""

"""Application Gateway: backends, listeners, rules, subnet."""

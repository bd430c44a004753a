"""How fast auditor is, and whether it finds every fault that was planted in an estate."""

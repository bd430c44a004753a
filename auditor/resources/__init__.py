"""What Azure says, typed: one module per ARM family."""

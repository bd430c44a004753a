"""The snapshot document and how exports become one."""

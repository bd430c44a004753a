"""Sets of packets with laws."""

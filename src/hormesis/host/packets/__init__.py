"""Packet faults in one network namespace, done by the kernel's own filters; stdlib only."""

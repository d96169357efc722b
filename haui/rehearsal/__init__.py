"""The simulated fleet: SSH servers on loopback that behave like hosts."""

"""SSH: connections, host keys, sudo, and how scripts and tasks travel to hosts."""

"""What is kept of a run on this machine: bus, journal, state, logs, and the cluster's folder."""

"""Runs as screens watch them: where the hosts are, a live run, its logs, the time left."""

"""Host lists of every kind, read: pasted lines, CSV, SSH configurations, Ansible inventories."""

"""The cluster file: reading it with line numbers, judging it, writing it, explaining it."""

"""Running a plan: the executor, the life of one task, what they share. Knows no step."""

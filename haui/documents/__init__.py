"""What haui writes for people: report, runbook, likely causes, report bundle."""

"""The command line: commands, prompts, printers."""

"""Presets that ship: one cluster file per supported shape."""

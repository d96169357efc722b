"""The cluster as a text picture, and the facts behind it."""

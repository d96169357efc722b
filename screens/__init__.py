"""The wizard's pages, one per module."""

"""Tools for those who work on haui."""

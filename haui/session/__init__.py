"""One run on one cluster, put together from its parts."""

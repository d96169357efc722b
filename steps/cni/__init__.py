"""What pod networks consist of, as data: rendered here, applied by steps.network."""

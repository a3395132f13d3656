"""Policy data made by committed scripts, with their sources."""

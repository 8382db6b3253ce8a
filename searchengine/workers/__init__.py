"""Processes that do one task at a time, and may crash, hang or eat memory without harming anybody else."""

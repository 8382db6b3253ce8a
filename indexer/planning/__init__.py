"""What a run has to do: the disk held against the catalog."""

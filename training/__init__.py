"""What `scripts/train_builtin.py` is made of: batches, losses, the run. Not installed."""

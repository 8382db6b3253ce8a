"""What lies on the disk: the files and folders that count."""

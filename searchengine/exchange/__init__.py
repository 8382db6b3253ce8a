"""Files that carry a library's embeddings and metadata to another library, or to other programs."""

"""A query to a page of results: ranking within a space, the relevance line, collapsing, cursors."""

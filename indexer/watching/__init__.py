"""Following a library's folders while they change."""

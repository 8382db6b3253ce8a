"""HTTP: the command line's answers as an API, and the page that people see."""

"""Whether a library is what it should be: every invariant, looked at; nothing is changed here."""

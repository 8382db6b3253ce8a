"""From what was asked, in the query language, to what ranks its answer: a direction, filters, a line."""

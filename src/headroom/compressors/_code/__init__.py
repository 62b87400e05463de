"""Functions of source text, for `code` and `reading`."""

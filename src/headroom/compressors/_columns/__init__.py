"""The column codec, shared by `records` and `table`: plans a table, writes it, and reads it back."""

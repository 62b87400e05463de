"""The parts of `diff`: headers of files, headers of commits, tables of `--stat`."""

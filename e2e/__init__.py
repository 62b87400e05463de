"""Real clients through a real proxy, before a fake of the providers: `make e2e`. See README.md beside this file."""

"""Pages as a browser shows them, for `html`."""

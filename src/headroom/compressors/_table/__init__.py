"""The shapes of `table`, one module each, and the grid they share."""

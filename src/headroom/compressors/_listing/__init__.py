"""The forms of `listing`, one module each."""

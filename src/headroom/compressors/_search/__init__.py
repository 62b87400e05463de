"""The parts of `search`: which lines are results, and the events of `rg --json`."""

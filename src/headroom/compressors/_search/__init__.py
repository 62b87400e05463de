"""The parts of `search`: which lines are results, and which of them are alike."""

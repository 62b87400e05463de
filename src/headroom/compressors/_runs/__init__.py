"""The parts of `runs`: how a run is recognised, and the steps that make it shorter."""

"""The proxy: an agent's requests pass through it and get smaller, with no change to the agent's code."""

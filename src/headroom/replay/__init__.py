"""What a recorded session would have cost with us: its requests again, through the pipeline at each level, and priced.

A history between two rewrites only grows, and what was decided for a part is replayed ever after; so the longest
history of each such stretch is compressed once, and gives what sending it turn by turn gives. Nothing here can know
how the agent would have gone on had it read the renderings.
"""

from headroom.replay.bill import Bill, Cost, Output, Replayed, Sent, Turn
from headroom.replay.session import replay

__all__ = ["Bill", "Cost", "Output", "Replayed", "Sent", "Turn", "replay"]

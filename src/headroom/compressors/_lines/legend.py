"""The clauses of a legend: each names a notation of the line codec to the reader, and tells the decoder to undo it."""

AND = " | "
"""What stands between clauses."""

TIMES = "×N: N times in all"
REFERENCES = "= lines: those lines of the original again"
HEADINGS = "@p: indented lines below start with p"
ENDINGS = "@…x: p with a new end"
TEMPLATES = "A := text {v}: later A v is that line with value v"
EQUAL = "{=v}: v again"
LAST = '" or nothing: as in the last A'

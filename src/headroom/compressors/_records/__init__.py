"""The parts of `records`: regions of a text, trees to lines, and lines to trees."""

"""Decides which candidates become rows: `rules` of one candidate, near-duplicates, caps, order of quality."""

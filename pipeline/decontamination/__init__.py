"""Compares rows with benchmark packs: copies, resemblance, and what execution confirms."""

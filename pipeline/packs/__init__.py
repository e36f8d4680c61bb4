"""Benchmark packs: find them, recognise their layout, read their tasks."""

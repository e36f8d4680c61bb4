"""Benchmark packs: finds their files, recognises their layouts, reads their tasks."""

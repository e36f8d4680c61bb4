"""Runs in the sandbox: what a benchmark's solutions do, and whether rows do the same. Standard library only."""

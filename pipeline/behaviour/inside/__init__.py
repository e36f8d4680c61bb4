"""Runs in the sandbox: what functions answer, and whether others answer the same. Standard library only."""

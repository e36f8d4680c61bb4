"""Builds the file system that a program in the sandbox sees."""

"""Runs in the sandbox, in the process of the untrusted program. Imports the standard library alone."""

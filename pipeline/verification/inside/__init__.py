"""Runs in the sandbox, beside the response that is verified. Imports the standard library alone."""

"""The exceptions of this package. A program that fails is a Result, never an exception."""

from __future__ import annotations


class SandboxUnavailable(RuntimeError):
    """This machine cannot make sandboxes now. The message names what is missing and the remedy."""

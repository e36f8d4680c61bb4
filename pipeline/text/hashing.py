"""Order and choice by hash: pseudorandom, and the same on every machine and in every run."""

from __future__ import annotations

import hashlib


def rank(*key: str) -> bytes:
    """A sort key: the sha256 of the parts of `key`, joined by NUL characters."""
    return hashlib.sha256("\0".join(key).encode()).digest()


def number(*key: str) -> int:
    """A number of 64 bits, uniform over different keys: the first eight bytes of `rank`, big-endian."""
    return int.from_bytes(rank(*key)[:8], "big")

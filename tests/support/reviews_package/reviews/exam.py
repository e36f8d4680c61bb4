"""A benchmark pack: the folder of its files."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).with_name("packs")

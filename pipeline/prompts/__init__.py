"""Prompts: exemplar sets (exemplars.py), prompt documents (render.py), completions (parse.py), plans (plan.py)."""

from __future__ import annotations

from pathlib import Path

# The folders of the shipped exemplar sets: for base models of a billion parameters and more, for smaller ones, the
# standard set with tasks that use numpy and pandas, and one in the form of StarCoder2-Instruct.
STANDARD = Path(__file__).with_name("standard")
SHORT = Path(__file__).with_name("short")
WITH_LIBRARIES = Path(__file__).with_name("standard-libs")
STARCODER2 = Path(__file__).with_name("starcoder2")

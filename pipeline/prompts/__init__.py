"""Prompts: exemplar sets (exemplars.py), prompt documents (render.py), completions (parse.py), plans (plan.py)."""

from __future__ import annotations

from pathlib import Path

# The folder of the standard exemplar set.
STANDARD = Path(__file__).with_name("standard")

"""Reads use and memory of the machine's NVIDIA cards from nvidia-smi."""

from __future__ import annotations

import csv
import shutil
import subprocess
from typing import Any

_FIELDS = ("name", "used_percent", "memory_used_mib", "memory_total_mib")
_QUERY = "--query-gpu=name,utilization.gpu,memory.used,memory.total"


def gpus() -> list[dict[str, Any]]:
    """Use and memory of each NVIDIA card; none where there is no card or no nvidia-smi."""
    if not shutil.which("nvidia-smi"):
        return []
    answer = subprocess.run(
        ["nvidia-smi", _QUERY, "--format=csv,noheader,nounits"],
        capture_output=True,
        text=True,
        timeout=10,
    )
    rows = csv.reader(answer.stdout.splitlines(), skipinitialspace=True)
    return [
        {key: cell if key == "name" else _number(cell) for key, cell in zip(_FIELDS, row, strict=True)}
        for row in rows
        if answer.returncode == 0 and len(row) == len(_FIELDS)
    ]


def _number(cell: str) -> int | None:
    return int(cell) if cell.isdigit() else None

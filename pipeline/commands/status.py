"""`status`: where the run is, or where the last one ended: read from `artifacts/status.json` alone.

A run that was killed could not say so: a status that says running while its process is gone is shown as
`killed`. Works from another terminal, and from another machine on a shared folder.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from rich.live import Live

from pipeline import config
from pipeline.commands import console, print_json
from pipeline.config.location import ROOT
from pipeline.errors import MissingDataError
from pipeline.run import status
from pipeline.run.status_view import view

HELP = "show where the run is: stages, rates, time left, last rejections"

WATCH_SECONDS = 1.0
_GPU_FIELDS = ("name", "used_percent", "memory_used_mib", "memory_total_mib")
_ASKED = "--query-gpu=name,utilization.gpu,memory.used,memory.total"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--watch", action="store_true", help="go on showing it until the run ends")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    path = (ROOT / config.load().project.artifacts).resolve() / "status.json"
    document = look(path)
    if arguments.json:
        print_json(document)
        return 0
    if not arguments.watch:
        console().print(view(document, details=True))
        return 0
    with Live(view(document, details=True), console=console(), auto_refresh=False) as live:
        while document["state"] == "running":
            time.sleep(WATCH_SECONDS)
            document = look(path)
            live.update(view(document, details=True), refresh=True)
    return 0


def look(path: Path) -> dict[str, Any]:
    """The status with what only an onlooker can tell. Raises MissingDataError before the first run."""
    document = status.read(path)
    if document is None:
        raise MissingDataError(
            f"there is no {path}: nothing has run here yet",
            "start with: luigi --module pipeline FinalDataset",
        )
    if document["state"] == "running" and _gone(document):
        document["state"] = "killed"
    return {**document, "gpus": gpus()}


def gpus() -> list[dict[str, Any]]:
    """Use and memory of each NVIDIA card; none where there is no card or no nvidia-smi."""
    if not shutil.which("nvidia-smi"):
        return []
    asked = subprocess.run(
        ["nvidia-smi", _ASKED, "--format=csv,noheader,nounits"],
        capture_output=True,
        text=True,
        timeout=10,
    )
    rows = csv.reader(asked.stdout.splitlines(), skipinitialspace=True)
    return [
        {
            key: cell if key == "name" else _number(cell)
            for key, cell in zip(_GPU_FIELDS, row, strict=True)
        }
        for row in rows
        if asked.returncode == 0 and len(row) == len(_GPU_FIELDS)
    ]


def _number(cell: str) -> int | None:
    return int(cell) if cell.isdigit() else None


def _gone(document: dict[str, Any]) -> bool:
    if document["host"] != socket.gethostname():
        return False
    try:
        os.kill(document["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False

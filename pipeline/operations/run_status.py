"""Reads the status of a run from outside its process: `artifacts/status.json`, corrected by what the machine shows.

Works from another terminal, and from another machine on a shared folder.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from pipeline.errors import MissingDataError
from pipeline.run import status
from pipeline.run.gpus import gpus


def run_status(artifacts: Path) -> dict[str, Any]:
    """The status document, with use and memory of this machine's cards as `gpus`.

    The state of a run whose process is gone without having changed it is `killed`. Raises MissingDataError before
    the first run.
    """
    path = artifacts / "status.json"
    document = status.read(path)
    if document is None:
        raise MissingDataError(
            f"there is no {path}: nothing has run here yet",
            "start with: luigi --module pipeline FinalDataset",
        )
    if document["state"] == "running" and _is_gone(document["host"], document["pid"]):
        document["state"] = "killed"
    return {**document, "gpus": gpus()}


def _is_gone(host: str, process: int) -> bool:
    """Whether a process of this host does not exist; False for another host, where that is unknown."""
    if host != socket.gethostname():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False

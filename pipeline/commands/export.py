"""`export`: the finished dataset in the forms that trainers take, in a folder or on the hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline import config
from pipeline.commands import console, print_json
from pipeline.config.location import ROOT
from pipeline.dataset.finished import Finished
from pipeline.errors import ConfigError
from pipeline.export.files import FORMS, export
from pipeline.export.hub import push

HELP = "write the dataset for trainers: chat, alpaca, preference, rl, parquet, stages; push it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "forms", nargs="*", metavar="FORM", help=f"{', '.join(FORMS)}, or all; chat when left out"
    )
    parser.add_argument("--to", metavar="FOLDER", help="folder to write (artifacts/export)")
    parser.add_argument("--push", metavar="REPO", help="upload to this dataset repository")
    parser.add_argument("--public", action="store_true", help="let everybody read the repository")
    parser.add_argument(
        "--dry-run", action="store_true", help="with --push: write the folder, upload nothing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    wanted = list(FORMS) if "all" in arguments.forms else arguments.forms or ["chat"]
    for form in wanted:
        if form not in FORMS:
            raise ConfigError(f"there is no form {form}", f"the forms are {', '.join(FORMS)}, all")
    artifacts = (ROOT / config.load().project.artifacts).resolve()
    folder = Path(arguments.to).expanduser() if arguments.to else artifacts / "export"
    files = export(Finished(artifacts), wanted, folder)
    address = None
    if arguments.push and not arguments.dry_run:
        address = push(folder, files, arguments.push, arguments.public)
    sizes = {str(file): (folder / file).stat().st_size for file in files}
    if arguments.json:
        print_json({"folder": str(folder), "files": sizes, "pushed": address})
        return 0
    out = console()
    out.print(f"{folder}:")
    for name, size in sizes.items():
        out.print(f"  {size:>12,} bytes  {name}")
    if arguments.push:
        kind = "public" if arguments.public else "private"
        done = f"pushed to {address}" if address else "not pushed (--dry-run)"
        out.print(f"{arguments.push} ({kind} dataset): {done}")
    return 0

"""`export`: writes the finished dataset in the forms that trainers read, to a folder or to the hub."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from pipeline.commands import announce, console, open_project, print_json
from pipeline.dataset.finished import FinishedDataset
from pipeline.errors import ConfigError
from pipeline.export.files import export, row_count
from pipeline.export.forms import FORMS, all_forms
from pipeline.export.hub import push
from pipeline.export.split import EVERY_RATE
from pipeline.text.display import counted

HELP = f"write the dataset for trainers: {', '.join(FORMS)}; push it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    forms = "; ".join(f"{form.name}: {form.help}" for form in FORMS.values())
    parser.add_argument("forms", nargs="*", metavar="FORM", help=f"{forms}; all: all of them; chat when left out")
    parser.add_argument("--to", metavar="FOLDER", help="folder to write (artifacts/export)")
    parser.add_argument(
        "--test",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="put the rows of this share of the seeds' files (0 to 1) into a split of their own, test",
    )
    parser.add_argument(
        "--pass-rate",
        metavar="LOW..HIGH",
        help="only rows whose instruction was solved by this share of its samples, as 0.05..0.9",
    )
    parser.add_argument("--push", metavar="REPO", help="upload to this dataset repository")
    parser.add_argument("--public", action="store_true", help="let everybody read the repository")
    parser.add_argument("--dry-run", action="store_true", help="with --push: write the folder, upload nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    names = _names(arguments.forms)
    announce()
    artifacts = open_project().artifacts
    folder = Path(arguments.to).expanduser() if arguments.to else artifacts / "export"
    if not 0 <= arguments.test < 1:
        raise ConfigError(f"--test {arguments.test:g} is no share", "give a number from 0 to below 1, such as 0.05")
    rates = _rates(arguments.pass_rate)
    files = export(FinishedDataset(artifacts), names, folder, arguments.test, rates)
    address = None
    if arguments.push and not arguments.dry_run:
        address = push(folder, files, arguments.push, arguments.public)
    sizes = {str(file): (folder / file).stat().st_size for file in files}
    if arguments.json:
        print_json({"folder": str(folder), "files": sizes, "pushed": address})
    else:
        _show(arguments, folder, sizes, address)
    return 0


def _names(forms: list[str]) -> list[str]:
    """The forms that the command line names. Raises ConfigError for an unknown one."""
    every = all_forms()
    names = list(every) if "all" in forms else forms or ["chat"]
    for name in names:
        if name not in every:
            raise ConfigError(f"there is no form {name}", f"the forms are {', '.join(every)}, all")
    return names


def _rates(text: str | None) -> tuple[float, float]:
    """The range that LOW..HIGH names. Raises ConfigError for another text."""
    if text is None:
        return EVERY_RATE
    low, _, high = text.partition("..")
    try:
        rates = float(low), float(high)
    except ValueError:
        rates = (1.0, 0.0)
    if not 0 <= rates[0] <= rates[1] <= 1:
        raise ConfigError(f"--pass-rate {text} is no range of shares", "give two numbers from 0 to 1: 0.05..0.9")
    return rates


def _show(arguments: argparse.Namespace, folder: Path, sizes: Mapping[str, int], address: str | None) -> None:
    out = console()
    out.print(f"{folder}:")
    for name, count in sizes.items():
        rows = row_count(folder / name)
        out.print(f"{'' if rows is None else counted(rows, 'row'):>14} {count:>14,} bytes  {name}")
    if arguments.push:
        kind = "public" if arguments.public else "private"
        done = f"pushed to {address}" if address else "not pushed (--dry-run)"
        out.print(f"{arguments.push} ({kind} dataset): {done}")

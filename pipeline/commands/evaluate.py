"""`evaluate`: scores a GGUF model, or answers that are there, as `luigi --module pipeline Evaluation` does."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from luigi.cmdline import luigi_run

from pipeline.commands import print_json
from pipeline.loop.answers import BASE, TUNED
from pipeline.loop.asking import STYLES
from pipeline.loop.evaluation import Evaluation
from pipeline.packs.find import is_name
from pipeline.packs.problems import WORDINGS
from pipeline.text.lists import as_list

HELP = "score a model, or a file of answers, on benchmark packs: pass@k with intervals"
_KEYS = (
    "model", "pack", "answers", "prompt", "wording", "instruction_prefix", "response_prefix", "samples", "k",
    "temperature", "seed",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help=f"a GGUF file, {BASE} (the default) or {TUNED}")
    parser.add_argument("--pack", help="the files of benchmarks, separated by commas; default: demo pack")
    parser.add_argument("--prompt", choices=("auto", *STYLES), help="how the model is asked")
    parser.add_argument("--wording", choices=tuple(WORDINGS), help="how instructions are worded")
    parser.add_argument("--instruction-prefix", help="what precedes a task, instead of the wording's")
    parser.add_argument("--response-prefix", help="what a response begins with, instead of the wording's")
    parser.add_argument(
        "--samples",
        metavar="NUMBER | FILE",
        help="answers for each task; or a file of answers that are scored (EvalPlus's, lm-eval's or this project's)",
    )
    parser.add_argument("--k", help="the k of pass@k, separated by commas")
    parser.add_argument("--temperature", type=float, help="0 is greedy")
    parser.add_argument("--seed", type=int, help="decides few-shot contexts and samples")
    parser.add_argument("--json", action="store_true", help="print the report as JSON at the end")


def run(arguments: argparse.Namespace) -> int:
    arguments.answers = None
    if arguments.samples is not None and not arguments.samples.isdigit():
        arguments.answers, arguments.samples = arguments.samples, None
    try:
        luigi_run(["--module", "pipeline", "Evaluation", *_options(arguments)])
    except SystemExit as ended:
        if ended.code == 0 and arguments.json:
            reports = Evaluation().reports()
            print_json(reports[0] if len(reports) == 1 else reports)
        return int(ended.code or 0)
    return 0


def _options(arguments: argparse.Namespace) -> list[str]:
    """The arguments as options of luigi's command line; paths here start at the working directory."""
    options = []
    for key in _KEYS:
        value = getattr(arguments, key)
        if value is None:
            continue
        if key == "pack":
            value = ", ".join(map(_pack, as_list(value)))
        elif key == "answers" or (key == "model" and value not in (BASE, TUNED)):
            value = Path(value).expanduser().resolve()
        options += [f"--evaluation-{key.replace('_', '-')}", str(value)]
    return options


def _pack(entry: str) -> str:
    """The entry of a pack in luigi.cfg: paths of the command line start at the working directory."""
    name = entry.partition("#")[0].strip()
    path = Path(entry).expanduser()
    return entry if is_name(name) and not Path(name).exists() else os.path.abspath(path)

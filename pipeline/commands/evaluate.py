"""`evaluate`: scores a GGUF model on a benchmark pack, as `luigi --module pipeline Evaluation` does."""

from __future__ import annotations

import argparse
from pathlib import Path

import orjson
from luigi.cmdline import luigi_run

from pipeline.commands import print_json
from pipeline.loop.evaluation import BASE, TUNED, Evaluation

HELP = "score a model on a benchmark pack: pass@k with intervals"
_KEYS = ("model", "pack", "prompt", "samples", "k", "temperature", "seed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help=f"a GGUF file, {BASE} (the default) or {TUNED}")
    parser.add_argument("--pack", help="a file in the layout of HumanEval or MBPP; default: demo pack")
    parser.add_argument("--prompt", choices=("auto", "few_shot", "tuned"), help="how it is asked")
    parser.add_argument("--samples", type=int, help="answers for each task")
    parser.add_argument("--k", help="the k of pass@k, separated by commas")
    parser.add_argument("--temperature", type=float, help="0 is greedy")
    parser.add_argument("--seed", type=int, help="decides few-shot contexts and samples")
    parser.add_argument("--json", action="store_true", help="print the report as JSON at the end")


def run(arguments: argparse.Namespace) -> int:
    try:
        luigi_run(["--module", "pipeline", "Evaluation", *_options(arguments)])
    except SystemExit as ended:
        if ended.code == 0 and arguments.json:
            print_json(orjson.loads(Evaluation().report.read_bytes()))
        return int(ended.code or 0)
    return 0


def _options(arguments: argparse.Namespace) -> list[str]:
    """The arguments as options of luigi's command line; paths here start at the working directory."""
    options = []
    for key in _KEYS:
        value = getattr(arguments, key)
        if value is None:
            continue
        if key in ("model", "pack") and value not in (BASE, TUNED):
            value = Path(value).expanduser().resolve()
        options += [f"--evaluation-{key}", str(value)]
    return options

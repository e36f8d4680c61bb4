"""What ending completions early saves and loses, replayed over the responses of earlier runs.

    python benchmarks/early_ends.py MODEL ARTIFACTS [ARTIFACTS ...]

ARTIFACTS is a run's folder of artifacts whose responses were generated with MODEL, a GGUF whose tokenizer counts. A
dropped response is stored whole; a kept one is written again from its parts. Each is fed, line by line and at the tokens
at which the engine looks, to the rule of pipeline/prompts/early_end.py. Texts are tokenized again, which may give a few
tokens more or fewer than were drawn.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

# Not this folder, which holds a benchmark named sandbox.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from pipeline.engine import inspect_model
from pipeline.engine.child.batcher import TOKENS_BETWEEN_LOOKS
from pipeline.prompts.early_end import ResponseEnd
from pipeline.prompts.render import response_with_tests
from targets import ShardPaths
from targets.journal import decode


def texts(folder: Path) -> Iterator[tuple[str, str, int]]:
    """The outcome, the whole text and the tokens of each response under a recipe's folder."""
    for paths in ShardPaths.published(folder):
        spent = {unit["id"]: unit["spent"] for unit in map(decode, paths.units.read_bytes().splitlines()) if unit}
        for record in paths.read():
            text = response_with_tests(record["response"], record["tests"]) + "\n"
            yield "kept", text, int(spent[record["id"]].get("new_tokens", 0))
        for line in paths.rejected.read_bytes().splitlines():
            rejection = orjson.loads(line)
            yield rejection["rule"], rejection.get("completion", ""), int(spent[rejection["id"]].get("new_tokens", 0))


def end(text: str, lengths: Sequence[int], most: int, rule: ResponseEnd) -> tuple[str, int] | None:
    """Why and after how many tokens the rule ends a text; `lengths` are the tokens up to the end of each line."""
    lines = text.splitlines(keepends=True)
    for number, length in enumerate(lengths, start=1):
        before = lengths[number - 2] if number > 1 else 0
        looks = range(before // TOKENS_BETWEEN_LOOKS + 1, length // TOKENS_BETWEEN_LOOKS + 1)
        for look in (TOKENS_BETWEEN_LOOKS * n for n in looks):
            # Between two ends of lines the text is what stands before the line, and a part of the line.
            if reason := rule(
                "".join(lines[: number - 1]) + lines[number - 1].rstrip("\n")[: look - before], look / most
            ):
                return reason, look
    return None


def replay(model: Path, folder: Path) -> None:
    """Print the table of one recipe."""
    recipe: dict[str, Any] = orjson.loads((folder / "recipe.json").read_bytes())
    most, prompt = recipe["limits"]["max_tokens"], recipe["ingredients"]
    rule = ResponseEnd(tuple(prompt.get("parts", ())))
    found = list(texts(folder))
    if not found:
        return
    prefixes = [
        "".join(text.splitlines(keepends=True)[:n]) for _, text, _ in found for n in range(1, text.count("\n") + 2)
    ]
    counts = iter(inspect_model(str(model), prefixes).token_counts)
    outcomes, ended, saved = Counter[str](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    tokens = Counter[str]()
    for outcome, text, drawn in found:
        lengths = [next(counts) for _ in range(text.count("\n") + 1)]
        outcomes[outcome] += 1
        tokens[outcome] += drawn
        if (early := end(text, lengths, most, rule)) is not None:
            ended[outcome, early[0]] += 1
            saved[outcome, early[0]] += max(0, drawn - early[1])
    print(f"\n{folder}: max_tokens {most}, {sum(tokens.values()):,} tokens\n")
    print("| outcome | responses | tokens | ended: settled | tokens saved | ended: late_code | tokens saved |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for outcome, count in outcomes.most_common():
        cells = [count, tokens[outcome]]
        for reason in ("stop", "late_code"):
            cells += [ended[outcome, reason], saved[outcome, reason]]
        print(f"| {outcome} | " + " | ".join(f"{cell:,}" for cell in cells) + " |")
    lost, total = sum(saved.values()), sum(tokens.values())
    print(f"\n{lost:,} of {total:,} tokens saved ({lost / total:.1%})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("artifacts", type=Path, nargs="+")
    arguments = parser.parse_args()
    for artifacts in arguments.artifacts:
        for folder in sorted((artifacts / "responses").iterdir()):
            replay(arguments.model, folder)


if __name__ == "__main__":
    main()

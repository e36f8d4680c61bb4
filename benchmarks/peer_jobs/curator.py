"""curator: two LLM blocks, one after the other, with its cache. As the README of its repository."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

sys.path[:] = [path for path in sys.path if path != str(Path(__file__).resolve().parent)]
folder, url, seeds, prompt, concurrency = sys.argv[1:]
# Its tokenizer is fetched from the network otherwise; a library that it depends on has the file.
tokenizers = Path(importlib.util.find_spec("litellm").origin).parent / "litellm_core_utils" / "tokenizers"
os.environ |= {"CURATOR_CACHE_DIR": f"{folder}/cache", "TIKTOKEN_CACHE_DIR": str(tokenizers)}
os.environ["CURATOR_DISABLE_RICH_DISPLAY"] = "1"

from bespokelabs import curator


class Tasks(curator.LLM):
    def prompt(self, row):
        return f"Write a task about {row['seed']}."

    def parse(self, row, response):
        return {"seed": row["seed"], "task": response}


class Answers(curator.LLM):
    def prompt(self, row):
        return f"{row['how']} this: {row['task']}"

    def parse(self, row, response):
        return {"seed": row["seed"], "answer": response}


more = {
    "model_name": "stub",
    "backend": "openai",
    "backend_params": {
        "base_url": url, "api_key": "none", "max_concurrent_requests": int(concurrency),
        "max_requests_per_minute": 1_000_000, "max_tokens_per_minute": 1_000_000_000,
    },
}  # fmt: skip
tasks = Tasks(**more)([{"seed": f"seed_{number:04d}"} for number in range(int(seeds))])
tasks = getattr(tasks, "dataset", tasks)
answers = Answers(**more)([{**row, "how": prompt} for row in tasks])
answers = getattr(answers, "dataset", answers)
with open(f"{folder}/rows.jsonl", "w") as rows:
    for row in answers:
        rows.write(json.dumps({"seed": row["seed"]}) + "\n")

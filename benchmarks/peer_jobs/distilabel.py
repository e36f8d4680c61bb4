"""distilabel: a pipeline of two text generations, with its cache. As the quickstart of its documentation."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path[:] = [path for path in sys.path if path != str(Path(__file__).resolve().parent)]

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

folder, url, seeds, prompt, concurrency = sys.argv[1:]

if __name__ == "__main__":
    with Pipeline(name="job", cache_dir=f"{folder}/cache") as pipeline:
        load = LoadDataFromDicts(
            data=[{"seed": f"seed_{number:04d}"} for number in range(int(seeds))], batch_size=int(concurrency)
        )
        llm = {"model": "stub", "base_url": url, "api_key": "none"}
        tasks = TextGeneration(
            name="tasks", llm=OpenAILLM(**llm), template="Write a task about {{ seed }}.", columns=["seed"],
            input_batch_size=int(concurrency), output_mappings={"generation": "task"},
        )  # fmt: skip
        answers = TextGeneration(
            name="answers", llm=OpenAILLM(**llm), template=prompt + " this: {{ task }}", columns=["task"],
            input_batch_size=int(concurrency),
        )  # fmt: skip
        load >> tasks >> answers
    distiset = pipeline.run(use_cache=True)
    with open(f"{folder}/rows.jsonl", "w") as rows:
        for row in distiset["default"]["train"]:
            rows.write(json.dumps({"seed": row["seed"]}) + "\n")

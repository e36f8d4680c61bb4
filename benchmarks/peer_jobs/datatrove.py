"""datatrove: one rollout a document makes both requests; checkpoints and the cache of requests are on.

As examples/inference/inference_chunked.py of its repository, with an endpoint for the server.
"""

from __future__ import annotations

import glob
import gzip
import json
import sys
from pathlib import Path

# Not this folder, in which this file has the peer's name.
sys.path[:] = [path for path in sys.path if path != str(Path(__file__).resolve().parent)]

from datatrove.data import Document
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.inference.run_inference import InferenceConfig, InferenceRunner
from datatrove.pipeline.writers import JsonlWriter

folder, url, seeds, prompt, concurrency = sys.argv[1:]
documents = [Document(text=f"seed_{number:04d}", id=f"seed_{number:04d}") for number in range(int(seeds))]


async def rollout(document, generate):
    task = await generate({"messages": [{"role": "user", "content": f"Write a task about {document.text}."}]})
    answer = await generate({"messages": [{"role": "user", "content": f"{prompt} this: {task.text}"}]})
    return {"task": task.text, "answer": answer.text}


if __name__ == "__main__":
    config = InferenceConfig(
        server_type="endpoint", endpoint_url=url.removesuffix("/v1"), model_name_or_path="stub",
        max_concurrent_generations=int(concurrency), metric_interval=120,
    )  # fmt: skip
    LocalPipelineExecutor(
        pipeline=[
            documents,
            InferenceRunner(
                rollout_fn=rollout, config=config, records_per_chunk=50, checkpoints_local_dir=f"{folder}/checkpoints",
                output_writer=JsonlWriter(f"{folder}/out", output_filename="${rank}_chunk_${chunk_index}.jsonl.gz"),
            ),
        ],
        logging_dir=f"{folder}/logs",
        tasks=1,
    ).run()  # fmt: skip
    with open(f"{folder}/rows.jsonl", "w") as rows:
        for path in sorted(glob.glob(f"{folder}/out/*.jsonl.gz")):
            for line in gzip.decompress(Path(path).read_bytes()).splitlines():
                rows.write(json.dumps({"seed": json.loads(line)["id"]}) + "\n")

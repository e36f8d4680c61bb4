"""NeMo Data Designer: a seed dataset and two text columns, resumed where that is possible.

As its README and docs/assets/recipes/vlm_long_doc/03-text-qa-sdg.py of its repository.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path[:] = [path for path in sys.path if path != str(Path(__file__).resolve().parent)]

import data_designer.config as dd
import pandas as pd
from data_designer.interface import DataDesigner

folder, url, seeds, prompt, concurrency = sys.argv[1:]
path = Path(folder, "seeds.parquet")
pd.DataFrame({"seed": [f"seed_{number:04d}" for number in range(int(seeds))]}).to_parquet(path)
builder = dd.DataDesignerConfigBuilder(
    model_configs=[
        dd.ModelConfig(
            alias="stub", model="stub", provider="local", skip_health_check=True,
            inference_parameters=dd.ChatCompletionInferenceParams(max_parallel_requests=int(concurrency)),
        )
    ]
)  # fmt: skip
builder.with_seed_dataset(dd.LocalFileSeedSource(path=str(path)), sampling_strategy=dd.SamplingStrategy.ORDERED)
builder.add_column(dd.LLMTextColumnConfig(name="task", model_alias="stub", prompt="Write a task about {{ seed }}."))
builder.add_column(dd.LLMTextColumnConfig(name="answer", model_alias="stub", prompt=prompt + " this: {{ task }}"))
designer = DataDesigner(
    artifact_path=f"{folder}/artifacts", model_providers=[dd.ModelProvider(name="local", endpoint=url, api_key="none")]
)
designer.set_run_config(dd.RunConfig(buffer_size=50, disable_early_shutdown=True))
results = designer.create(builder, num_records=int(seeds), dataset_name="job", resume=dd.ResumeMode.IF_POSSIBLE)
with open(f"{folder}/rows.jsonl", "w") as rows:
    for seed in results.load_dataset()["seed"]:
        rows.write(json.dumps({"seed": seed}) + "\n")

"""Configurations of trainers beside an export: LLaMA-Factory's dataset_info.json and YAML, Axolotl's YAML.

Each is complete but for the base model, which whoever trains fills in. Rates and epochs are those of the paper (arXiv
2410.24198, "Training"), the same as `[finetuning]`'s. Formats: data/README.md of LLaMA-Factory, the pages on dataset
formats of Axolotl.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from targets.atomic import json_bytes

BASE_MODEL = "BASE_MODEL"  # to be replaced by a Hugging Face folder or repository
NAME = "selfcodealign"
_LEARNING_RATE, _EPOCHS, _WARMUP, _MAX_LENGTH = 1e-5, 4, 0.05, 1280
_BATCH, _MICRO_BATCH = 64, 4

# Files by their names, from the names of the form's files by split, and the number of rows to train on.
Configurations = Callable[[Mapping[str, str], int], Iterator[tuple[str, bytes]]]


def configurations(info: Mapping[str, Any], axolotl: Mapping[str, Any]) -> Configurations:
    """The configurations of a form: `info` is its entry in dataset_info.json, `axolotl` its entry of `datasets`."""

    def of(files: Mapping[str, str], rows: int) -> Iterator[tuple[str, bytes]]:
        names = {split: NAME if split == "train" else f"{NAME}_{split}" for split in files}
        entries = {names[split]: {"file_name": file, **info} for split, file in files.items()}
        yield "dataset_info.json", json_bytes(entries)
        yield "llama_factory.yaml", _yaml("llamafactory-cli train llama_factory.yaml", _llama_factory(names, rows))
        yield "axolotl.yaml", _yaml("axolotl train axolotl.yaml", _axolotl(files, axolotl))

    return of


def _llama_factory(names: Mapping[str, str], rows: int) -> dict[str, Any]:
    steps = math.ceil(rows / _BATCH) * _EPOCHS
    evaluated = {"eval_dataset": names["test"], "eval_strategy": "epoch"} if "test" in names else {}
    return {
        "model_name_or_path": BASE_MODEL,
        "stage": "sft",
        "do_train": True,
        "finetuning_type": "full",
        "dataset_dir": ".",
        "dataset": names["train"],
        **evaluated,
        "template": "default",
        "cutoff_len": _MAX_LENGTH,
        "output_dir": "tuned",
        "per_device_train_batch_size": _MICRO_BATCH,
        "gradient_accumulation_steps": _BATCH // _MICRO_BATCH,
        "learning_rate": _LEARNING_RATE,
        "num_train_epochs": _EPOCHS,
        "lr_scheduler_type": "linear",
        "warmup_steps": math.ceil(_WARMUP * steps),  # a share has another name in each release of transformers
        "optim": "adafactor",
        "bf16": True,
    }


def _axolotl(files: Mapping[str, str], entry: Mapping[str, Any]) -> dict[str, Any]:
    def of(split: str) -> list[dict[str, Any]]:
        return [{"path": files[split], "ds_type": "json", "split": "train", **entry}]

    # The tokenizer of a base model often has no template of its own.
    template = {"chat_template": "tokenizer_default_fallback_chatml"} if entry["type"] == "chat_template" else {}
    return {
        "base_model": BASE_MODEL,
        **template,
        "datasets": of("train"),
        **({"test_datasets": of("test")} if "test" in files else {}),
        "sequence_len": _MAX_LENGTH,
        "output_dir": "tuned",
        "micro_batch_size": _MICRO_BATCH,
        "gradient_accumulation_steps": _BATCH // _MICRO_BATCH,
        "learning_rate": _LEARNING_RATE,
        "num_epochs": _EPOCHS,
        "lr_scheduler": "linear",
        "warmup_ratio": _WARMUP,
        "optimizer": "adafactor",
        "bf16": "auto",
    }


def _yaml(command: str, document: Mapping[str, Any]) -> bytes:
    settings: str = yaml.safe_dump(dict(document), sort_keys=False)
    return f"# Set {BASE_MODEL}, then run in this folder: {command}\n{settings}".encode()

"""Supervised fine-tuning as a program: a job file in, safetensors out.

    python -m pipeline.loop.train JOB.json

The job names a model (a folder or repository of Hugging Face, or a GGUF file that transformers can load),
a JSON Lines file of prompts and completions, and a plan; TRL does the work. The loss is taken on the
completion only. Checkpoints are written at an interval of the plan, and a killed job resumes from its last one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def load(source: str, dropout: float = 0.0) -> tuple[Any, Any]:
    """Model and tokenizer of a GGUF file, folder or repository, in 32-bit floats.

    `dropout` replaces every rate of dropout in the model's configuration, as the paper does with StarCoder2's 0.1.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GgufConfig

    path = Path(source)
    options: dict[str, Any] = {"dtype": torch.float32}
    gguf: dict[str, str] = {}
    if path.suffix == ".gguf":
        source, gguf = str(path.parent), {"gguf_file": path.name}
        options |= gguf | {"quantization_config": GgufConfig(dequantize=True)}
        tokenizer = AutoTokenizer.from_pretrained(source, **gguf)
    else:
        tokenizer = AutoTokenizer.from_pretrained(source)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    config = AutoConfig.from_pretrained(source, **gguf)
    for name in dropouts(config.to_dict()):
        setattr(config, name, dropout)
    return AutoModelForCausalLM.from_pretrained(source, config=config, **options), tokenizer


def dropouts(config: dict[str, Any]) -> list[str]:
    """The keys of a model's configuration that are rates of dropout: `attention_dropout`, `resid_pdrop`, ..."""
    rates = (name for name, value in config.items() if isinstance(value, float | int) and not isinstance(value, bool))
    return [name for name in rates if name.endswith(("dropout", "_pdrop"))]


def set_chat_template(tokenizer: Any, templates: list[str]) -> None:
    """Replace the chat template by the prompt of fine-tuning: the first, or the second where BOS begins every text."""
    adds_bos = tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]
    tokenizer.chat_template = templates[adds_bos]


def train(job: dict[str, Any]) -> None:
    """Tune, from the last checkpoint where there is one, and save model and tokenizer as safetensors."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import set_seed
    from transformers.trainer_utils import get_last_checkpoint
    from trl import SFTConfig, SFTTrainer

    plan, work, out = job["plan"], Path(job["work"]), Path(job["out"])
    if job["threads"]:
        torch.set_num_threads(job["threads"])
    set_seed(plan["seed"])
    model, tokenizer = load(job["model"], plan["dropout"])
    on_gpu = torch.cuda.is_available()
    arguments = SFTConfig(
        output_dir=str(work),
        learning_rate=plan["learning_rate"],
        optim=plan["optimizer"],
        num_train_epochs=plan["epochs"],
        per_device_train_batch_size=plan["micro_batch"],
        gradient_accumulation_steps=plan["batch"] // plan["micro_batch"],
        warmup_steps=plan["warmup"],
        lr_scheduler_type="linear",
        max_length=plan["max_length"],
        max_grad_norm=plan["clipping"] or None,
        train_sampling_strategy="group_by_length",  # a fifth of the work was padding
        completion_only_loss=True,
        bf16=_has_bf16(),
        gradient_checkpointing=on_gpu,
        use_cpu=not on_gpu,
        seed=plan["seed"],
        save_strategy="steps",
        save_steps=plan["checkpoint_every"],
        save_total_limit=2,
        logging_steps=10,
        report_to="none",
        disable_tqdm=True,
    )
    lora = None
    if plan["lora_rank"]:
        lora = LoraConfig(
            r=plan["lora_rank"],
            lora_alpha=2 * plan["lora_rank"],
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
    trainer = SFTTrainer(
        model,
        args=arguments,
        train_dataset=Dataset.from_json(job["rows"]),
        processing_class=tokenizer,
        peft_config=lora,
    )
    last = get_last_checkpoint(str(work)) if work.is_dir() else None
    if last:
        print(f"goes on from step {last.rpartition('-')[2]}", flush=True)
    trainer.train(resume_from_checkpoint=last)
    tuned = trainer.model.merge_and_unload() if lora else trainer.model
    tuned.save_pretrained(out, safe_serialization=True)
    set_chat_template(tokenizer, job["chat_template"])  # after training: rows are prompts already
    tokenizer.save_pretrained(out)
    (out / "training.json").write_text(json.dumps(trainer.state.log_history, indent=2))


def _has_bf16() -> bool:
    """Whether the device computes in 16 bits; the weights themselves stay in 32."""
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


if __name__ == "__main__":
    train(json.loads(Path(sys.argv[1]).read_text()))

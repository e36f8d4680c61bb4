"""TRL's trainers take the exported rows: one optimisation step each, on a tiny model made here.

Runs where the `[train]` extra is installed.
"""

from __future__ import annotations

import math

import pytest
from datasets import load_dataset

pytest.importorskip("trl", reason="needs the [train] extra")

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

TEMPLATE = (
    "{% for message in messages %}<s>{{ message.role }}\n{{ message.content }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)
ONE_STEP = {
    "max_steps": 1,
    "per_device_train_batch_size": 2,
    "use_cpu": True,
    "bf16": False,
    "report_to": [],
    "save_strategy": "no",
    "logging_steps": 1,
    "max_length": 256,
}


@pytest.fixture(scope="module")
def exported(demo_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    code, output = demo_run.ask("export", "chat", "preference", "--to", str(folder))
    assert code == 0, output
    return {form: load_dataset(str(folder), form, split="train") for form in ("chat", "preference")}


@pytest.fixture(scope="module")
def tokenizer(exported):
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    texts = [message["content"] for row in exported["chat"] for message in row["messages"]]
    raw.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=["<s>", "</s>", "<pad>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        chat_template=TEMPLATE,
    )


@pytest.fixture
def model(tokenizer, tmp_path):
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(tmp_path / "model")
    return str(tmp_path / "model")


def loss_of_one_step(trainer) -> float:
    return float(trainer.train().training_loss)


def test_one_step_of_supervised_fine_tuning_takes_the_chat_rows(exported, tokenizer, model, tmp_path):
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(output_dir=str(tmp_path / "out"), **ONE_STEP),
        train_dataset=exported["chat"],
        processing_class=tokenizer,
    )
    assert math.isfinite(loss_of_one_step(trainer))


def test_one_step_of_preference_tuning_takes_the_pairs(exported, tokenizer, model, tmp_path):
    trainer = DPOTrainer(
        model=model,
        args=DPOConfig(output_dir=str(tmp_path / "out"), **ONE_STEP),
        train_dataset=exported["preference"],
        processing_class=tokenizer,
    )
    assert math.isfinite(loss_of_one_step(trainer))

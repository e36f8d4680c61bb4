"""The demo model: a tiny base model trained from scratch on generated text (see MODEL_CARD.md).

`world` generates tasks, `documents` and `corpus` turn them into training text in the form of the
prompt documents, `tokenizer`, `model`, `optimizer` and `train` make the model, `convert` the GGUF.
Importing this package needs nothing but the standard library; training needs the extra `train`.
"""

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent

MODEL = _FOLDER / "selfcodealign-demo.gguf"
MODEL_SHA256 = MODEL.with_suffix(".gguf.sha256")
EXEMPLARS = _FOLDER / "exemplars"
PACK = _FOLDER / "micro-world.jsonl.gz"

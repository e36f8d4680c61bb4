"""The engine process's side of `pipeline.engine.inspect_model`: facts about a GGUF file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.engine.child import native
from pipeline.engine.protocol import ModelFacts

CODE_CHARACTERS = "\n\t" + "".join(map(chr, range(32, 127)))


def read_facts(path: str, texts: Sequence[str]) -> ModelFacts:
    """Return facts about the model at `path`, with the token counts of `texts` (without BOS).

    Loads the vocabulary only. Raises EngineError.
    """
    model = native.Model(path, vocab_only=True)
    return ModelFacts(
        path=path,
        architecture=model.metadata("general.architecture") or "?",
        name=model.metadata("general.name") or Path(path).stem,
        n_ctx_train=model.n_ctx_train,
        n_vocab=model.n_vocab,
        n_params=model.n_params,
        size_bytes=Path(path).stat().st_size,
        quantization=model.quantization(),
        has_chat_template=bool(model.chat_template),
        add_bos=model.add_bos,
        gpu_offload=native.supports_gpu_offload(),
        devices=tuple(f"{d.description} ({d.name})" for d in native.devices()),
        llama_cpp=native.build_info(),
        unwritable=model.unwritable(CODE_CHARACTERS),
        token_counts=tuple(len(model.tokenize(text, first=False)) for text in texts),
        chat_template=model.chat_template,
        bos=model.text_of(model.bos),
        eos=model.text_of(model.eos),
    )

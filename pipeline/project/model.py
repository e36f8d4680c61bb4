"""The base model: its file or server, its digest, its metadata, and the lengths of texts in its tokens.

With a completions server it is the model that the server serves. Otherwise it is a file (model_files.py). Digest and
metadata are kept in `artifacts/model/` by path, size and time of the file, so that a night of runs hashes a 20 GB
file once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipeline import demo
from pipeline.config import sections
from pipeline.engine import Engine, EngineError, NoLlamaCpp, inspect_model
from pipeline.engine.server import ServerEngine
from pipeline.errors import ConfigError, MachineError, MissingDataError
from pipeline.project import model_files
from targets.atomic import json_bytes, publish

NO_LLAMA_CPP = (
    "a missing library of CUDA belongs on LD_LIBRARY_PATH; otherwise install llama-cpp-python again, "
    "for a card with `make cuda`"
)


@dataclass(frozen=True, slots=True)
class Model:
    """A base model. `window` is the longest sequence it was trained for or is served with, in tokens.

    `path` and `sha256` are those of a file, `served` is a server's description of its model; the other is empty.
    `parameters` is the number of its weights, 0 where a server does not state it.
    """

    name: str
    window: int
    path: Path = Path()
    sha256: str = ""
    architecture: str = ""
    is_demo: bool = False
    served: str = ""
    parameters: int = 0

    @property
    def provenance(self) -> dict[str, str]:
        """The model in a dataset row."""
        return {"name": self.name, "sha256": self.sha256}

    @property
    def identity(self) -> dict[str, str]:
        """What distinguishes the model from others, for recipes."""
        return {"name": self.name, "served": self.served} if self.served else self.provenance

    def cache_types(self, section: sections.engine) -> dict[str, str]:
        """The types of keys and values in the KV cache, for recipes; empty for a server's model: unknown."""
        return {} if self.served else {"type_k": section.type_k, "type_v": section.type_v}

    def require_file(self) -> Path:
        """Its GGUF file. Raises ConfigError for a model that only a server has."""
        if self.served:
            raise ConfigError(
                f"{self.name} is served: it can be neither tuned nor evaluated without its file",
                "set [engine] backend = llama and [model] path to a GGUF of it",
            )
        return self.path


def load(settings: sections.model, root: Path, cache: Path) -> Model:
    """Locate the model and read its digest and metadata, from the cache when the file is unchanged.

    Raises MissingDataError for a missing or damaged file and ConfigError for a digest that differs
    from [model] sha256.
    """
    path = model_files.locate(settings, root)
    facts = _cached(cache, path)
    if facts is None:
        try:
            facts = {"sha256": model_files.digest(path), **_facts(path)}
        except OSError as error:
            raise MissingDataError(
                f"[model] {path} cannot be read: {error.strerror}",
                "give permission, or mount its disk",
            ) from None
        _remember(cache, path, facts)
    elif "parameters" not in facts:  # remembered by an earlier version
        facts |= _facts(path)
        _remember(cache, path, facts)
    expected = settings.sha256 or (_demo_digest() if path == demo.MODEL else "")
    if expected and expected.lower() != facts["sha256"]:
        raise ConfigError(
            f"{path} has sha256 {facts['sha256']}, [model] sha256 is {expected}",
            f"remove {path.resolve()} to have it fetched again, or correct the digest"
            if settings.repo_id
            else "download the file again, or correct the digest",
        )
    return Model(
        path=path,
        name=facts["name"] or path.stem,
        sha256=facts["sha256"],
        architecture=facts["architecture"],
        window=facts["window"],
        is_demo=path == demo.MODEL,
        parameters=facts["parameters"],
    )


def served_by(engine: ServerEngine, n_ctx: int) -> Model:
    """The model that a completions server serves. Connects to the server.

    Raises MissingDataError when the server cannot be used, ConfigError when its window is unknown or
    shorter than [engine] n_ctx.
    """
    try:
        served = engine.start()
    except EngineError as error:
        raise MissingDataError(f"[engine] {error}") from None
    if not (n_ctx or served.window):
        raise ConfigError(
            f"[engine] n_ctx = 0, and the server does not state the window of {served.id}",
            "set n_ctx to the window that the server was started with",
        )
    if n_ctx > served.window > 0:
        raise ConfigError(
            f"[engine] n_ctx = {n_ctx}, but the server's window is {served.window} tokens",
            "lower n_ctx, or set 0 to take the server's",
        )
    return Model(served.id, window=n_ctx or served.window, served=served.describe(), parameters=served.parameters)


def token_counts(model: Model, engine: Engine, texts: Sequence[str], cache: Path) -> list[int]:
    """Length of each text in the model's tokens; counted once, then kept beside the model's metadata."""
    key = hashlib.sha256(orjson.dumps([model.identity, list(texts)])).hexdigest()[:16]
    path = cache / f"tokens-{key}.json"
    if path.exists():
        counts: list[int] = orjson.loads(path.read_bytes())
        return counts
    try:
        counts = engine.token_counts(texts)
    except EngineError as error:
        raise MissingDataError(f"[engine] {error}") from None
    publish(path, [orjson.dumps(counts)])
    return counts


def _facts(path: Path) -> dict[str, Any]:
    try:
        facts = inspect_model(str(path), [])
    except NoLlamaCpp as error:
        raise MachineError(str(error), NO_LLAMA_CPP) from None
    except EngineError as error:
        raise MissingDataError(f"[model] {error}") from None
    return {
        "name": facts.name,
        "architecture": facts.architecture,
        "window": facts.n_ctx_train,
        "parameters": facts.n_params,
    }


def _demo_digest() -> str:
    return demo.MODEL.with_suffix(".gguf.sha256").read_text(encoding="ascii").split()[0]


def _cache_file(cache: Path, path: Path) -> Path:
    key = orjson.dumps(
        [
            value
            for part, status in ((part, part.stat()) for part in model_files.parts(path))
            for value in (str(part.resolve()), status.st_size, status.st_mtime_ns)
        ]
    )
    return cache / f"facts-{hashlib.sha256(key).hexdigest()[:16]}.json"


def _cached(cache: Path, path: Path) -> dict[str, Any] | None:
    try:
        facts: dict[str, Any] = orjson.loads(_cache_file(cache, path).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    return facts


def _remember(cache: Path, path: Path, facts: dict[str, Any]) -> None:
    publish(_cache_file(cache, path), [json_bytes({"path": str(path), **facts})])

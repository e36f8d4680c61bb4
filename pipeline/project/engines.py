"""Opens the engine of the [engine] section: llama.cpp in a child process, or a completions server."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

from pipeline.config import Settings, sections
from pipeline.engine import EngineError, EngineSettings, ServerSettings
from pipeline.engine.server import ServerEngine
from pipeline.errors import ConfigError, MachineError
from pipeline.text.lists import as_list

Api = Literal["completions", "chat"]


def engine_settings(section: sections.engine, model_path: Path) -> EngineSettings:
    """The settings of llama.cpp from the [engine] section. Raises ConfigError for a value that it cannot have."""
    try:
        return EngineSettings(
            model_path=str(model_path),
            n_ctx=section.n_ctx,
            n_seq=section.n_seq,
            n_cells=section.n_cells,
            n_contexts=section.n_contexts,
            n_batch=section.n_batch,
            n_threads=section.n_threads,
            sample_threads=section.sample_threads,
            n_gpu_layers=section.n_gpu_layers,
            main_gpu=section.main_gpu,
            tensor_split=tuple(float(share) for share in as_list(section.tensor_split)),
            flash_attn=cast(Literal["auto", "on", "off"], section.flash_attn),
            type_k=section.type_k,
            type_v=section.type_v,
            step_timeout=section.step_timeout,
        )
    except (EngineError, ValueError) as error:
        raise ConfigError(f"[engine]: {error}", "`selfcodealign run FinalDataset --help` describes each key") from None


def server_of(settings: Settings, name: str) -> tuple[str, str, Api] | None:
    """Address, model and API of the server that a generating section has for itself; None for that of [engine].

    Raises ConfigError for a chat where no server is configured.
    """
    section = getattr(settings, name)
    if section.base_url:
        return section.base_url, section.model, section.api
    if section.api == "completions":
        return None
    if settings.engine.backend != "server":
        raise ConfigError(f"[{name}] api = chat needs a server", f"set [{name}] base_url, or [engine] backend = server")
    return settings.engine.base_url, settings.engine.model, section.api


def open_server(
    section: sections.engine, base_url: str = "", model: str = "", api: Api = "completions"
) -> ServerEngine:
    """The engine for the server of the [engine] section, or for the one at `base_url`. Sends no request yet.

    Raises ConfigError for a value that it cannot have and MachineError when the client is not installed.
    """
    try:
        settings = ServerSettings(
            base_url=base_url or section.base_url,
            model=model if base_url else section.model,
            api=api,
            concurrency=section.concurrency,
            timeout=section.timeout,
            max_retries=section.max_retries,
            api_key_env=section.api_key_env,
        )
    except EngineError as error:
        raise ConfigError(str(error), "`selfcodealign run FinalDataset --help` describes each key") from None
    try:
        return ServerEngine(settings)
    except EngineError as error:
        raise MachineError(str(error)) from None


def require_sampling(engine: ServerEngine, name: str, section: sections.Sampled) -> None:
    """Raises ConfigError where a section sets a sampling parameter that the server does not take."""
    for key in ("top_k", "min_p"):
        value = getattr(section, key)
        if value and key not in engine.abilities.takes:
            raise ConfigError(
                f"[{name}] {key} = {value}, but the server at {engine.place} does not take {key}",
                f"set [{name}] {key} = 0",
            )


def lacks(engine: ServerEngine) -> str:
    """The parameters of sampling that a server does not take, as the end of a sentence; empty if there are none."""
    missing = sorted({"top_k", "min_p", "seed"} - engine.abilities.takes)
    return f", which takes no {', no '.join(missing)}" if missing else ""

"""Generation on an OpenAI-compatible completions server: llama-server, vLLM, SGLang and others.

Up to `concurrency` requests are on their way at a time, through the openai client (extra `server`),
which retries lost connections, timeouts, 429 and 5xx with growing pauses, up to a bound. A request
that fails for good is answered with reason "error" and costs nobody else anything. Only what would
fail for every request ends the run, as an EngineError: no such server or model, a refused key, a
server that has gone, or failures and nothing else for a while.

The prompt goes as text: the server tokenizes it, adds its BOS, and shares prefixes if it can.
Samples are seeded, but whether equal seeds give equal samples is the server's affair.
"""

from __future__ import annotations

import asyncio
import math
import os
import queue
import threading
import time
from collections.abc import Coroutine, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from pipeline.engine.protocol import (
    Answer,
    Completion,
    EngineError,
    EngineStats,
    Question,
    Request,
    Sampling,
    ServerSettings,
)

# Seeds are signed 32-bit numbers to some servers, and the largest unsigned one means "any".
_SEEDS = 2**31 - 1
_TOO_LONG = ("context length", "context size", "context window", "exceed_context", "too long")
_PROBE_SECONDS = 30.0
# How many of the likeliest tokens a server is asked for: vLLM gives no more by default.
_LIKELIEST = 20


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as the server lists it; `window` is 0 where it does not say."""

    id: str
    owner: str
    window: int
    traits: tuple[tuple[str, str], ...]

    def describe(self) -> str:
        """What tells the model from others, in one line."""
        traits = "".join(f", {key} {value}" for key, value in self.traits)
        return f"{self.id} ({self.owner}{traits})"


class ServerEngine:
    """Use from one thread, one `generate` at a time."""

    def __init__(self, settings: ServerSettings) -> None:
        try:
            import openai
        except ImportError:
            raise EngineError(
                "[engine] backend = server needs the openai client: "
                "pip install 'selfcodealign-luigi[server]'"
            ) from None
        self._openai = openai
        self._settings = settings
        self._model: ServedModel | None = None
        self._client: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._owner = os.getpid()
        self._generating = False
        self._failures = 0
        self._stats = EngineStats()

    def start(self) -> ServedModel:
        """Ask the server for its model. Raises EngineError if it cannot be used."""
        if self._model is None:
            self._model = self._run(self._find_model()).result()
        return self._model

    @property
    def leaves_cores_free(self) -> bool:
        """See `Engine`. Generation is the server's work."""
        return True

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """See `Engine.token_counts`: what the server says of a prompt that is just the text.

        Costs a request each, of which one token is generated, because no way to ask is common to
        all servers. The beginning-of-text token, if there is one, is counted.
        """
        counts = [0] * len(texts)
        greedy = Sampling(temperature=0)
        requests = (
            Request(str(i), "", text, 1, sampling=greedy) for i, text in enumerate(texts) if text
        )
        for completion in self.generate(requests):
            if not completion.prompt_tokens:
                raise EngineError(
                    f"{self._settings.base_url}: no token counts from this server "
                    f"({completion.detail or 'its answers have no usage'})"
                )
            counts[int(completion.id)] = completion.prompt_tokens
        return counts

    def stats(self) -> EngineStats:
        return self._stats

    def close(self) -> None:
        """Drop the connections."""
        loop, client = self._loop, self._client
        self._loop = self._client = None
        if loop is None or self._owner != os.getpid():
            return
        asyncio.run_coroutine_threadsafe(client.close(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)

    def __enter__(self) -> ServerEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """See `Engine.generate`. Leaving the iterator early cancels what is unanswered."""
        if self._generating:
            raise EngineError("the engine is already generating: one generate() at a time")
        return self._generate(iter(requests))

    def weigh(self, questions: Iterable[Question]) -> Iterator[Answer]:
        """See `Engine.weigh`."""
        completions = self.generate(question.request() for question in questions)
        return (Answer.of(completion) for completion in completions)

    def _generate(self, source: Iterator[Request]) -> Generator[Completion, None, None]:
        answers: queue.SimpleQueue[Completion | EngineError] = queue.SimpleQueue()
        flying: set[Future[None]] = set()
        open_requests, began = 0, time.monotonic()
        self._generating = True
        try:
            for request in source:
                model = self.start()
                task = self._run(self._answer(request, model, answers))
                flying.add(task)
                task.add_done_callback(flying.discard)
                open_requests += 1
                self._stats = replace(self._stats, requests=self._stats.requests + 1)
                while open_requests >= self._settings.concurrency or not answers.empty():
                    yield self._next(answers)
                    open_requests -= 1
            while open_requests:
                yield self._next(answers)
                open_requests -= 1
        finally:
            self._generating = False
            for task in list(flying):
                task.cancel()
            seconds = self._stats.seconds + time.monotonic() - began
            self._stats = replace(self._stats, seconds=seconds)

    def _next(self, answers: queue.SimpleQueue[Completion | EngineError]) -> Completion:
        answer = answers.get()
        if isinstance(answer, EngineError):
            raise answer
        self._failures = self._failures + 1 if answer.reason == "error" else 0
        if self._failures > 2 * max(8, self._settings.concurrency):
            raise EngineError(
                f"{self._settings.base_url}: {self._failures} requests in a row have failed "
                f"({answer.detail}): look at the server's log, then run again to go on"
            )
        old = self._stats
        self._stats = replace(
            old,
            completions=old.completions + 1,
            prompt_tokens_needed=old.prompt_tokens_needed + answer.prompt_tokens,
            prompt_tokens_computed=old.prompt_tokens_computed + answer.computed_prompt_tokens,
            new_tokens=old.new_tokens + answer.new_tokens,
        )
        return answer

    # On the event loop's thread

    def _run(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Hand a coroutine to the loop, which runs in a thread of this process."""
        if self._loop is None or self._owner != os.getpid():
            self._owner, self._loop = os.getpid(), asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, daemon=True).start()
            self._client = self._openai.AsyncOpenAI(
                base_url=self._settings.base_url,
                api_key=os.environ.get(self._settings.api_key_env) or "none",
                timeout=self._settings.timeout,
                max_retries=self._settings.max_retries,
            )
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _find_model(self) -> ServedModel:
        url, wanted = self._settings.base_url, self._settings.model
        try:
            listed = (await self._client.models.list(timeout=_PROBE_SECONDS)).data
        except self._openai.APIStatusError as error:
            raise self._unusable(error) from error
        except self._openai.OpenAIError as error:
            raise EngineError(
                f"{url}: no answer from a completions server ({_reason(error)}): start it, or "
                "correct [engine] base_url (it ends in /v1 as a rule)"
            ) from error
        names = [model.id for model in listed]
        if not wanted and len(listed) != 1:
            raise EngineError(
                f"{url}: it serves {len(listed)} models ({', '.join(names)}): set [engine] model"
            )
        found = [model for model in listed if wanted in ("", model.id)]
        if not found:
            raise EngineError(
                f"{url}: it does not serve {wanted!r} but {', '.join(names)}: set [engine] model"
            )
        return _served(found[0])

    def _unusable(self, error: Any) -> EngineError:
        remedy = "correct [engine] base_url (it ends in /v1 as a rule)"
        if error.status_code in (401, 403):
            remedy = f"put a valid key into the variable {self._settings.api_key_env}"
        text = f"{self._settings.base_url}: HTTP {error.status_code} ({_reason(error)}): {remedy}"
        return EngineError(text)

    async def _answer(
        self,
        request: Request,
        model: ServedModel,
        answers: queue.SimpleQueue[Completion | EngineError],
    ) -> None:
        api = self._openai
        try:
            reply = await self._client.completions.create(**_arguments(request, model))
            answers.put(_completion(request, reply))
        except (api.AuthenticationError, api.PermissionDeniedError, api.NotFoundError) as error:
            answers.put(self._unusable(error))
        except (api.BadRequestError, api.UnprocessableEntityError) as error:
            reason = _reason(error)
            window = any(sign in reason.lower() for sign in _TOO_LONG)
            kind: Any = "window" if window else "error"
            answers.put(Completion(request.id, "", kind, f"HTTP {error.status_code}: {reason}"))
        except (api.APIConnectionError, api.InternalServerError) as error:
            answers.put(await self._lost(request, error))
        except Exception as error:
            answers.put(Completion(request.id, "", "error", _reason(error)))

    async def _lost(self, request: Request, error: Exception) -> Completion | EngineError:
        """After the last retry: is it this request, or has the server gone?"""
        failed = Completion(request.id, "", "error", _reason(error))
        try:
            await self._client.models.list(timeout=_PROBE_SECONDS)
        except self._openai.APIStatusError:
            return failed
        except self._openai.OpenAIError:
            return EngineError(
                f"{self._settings.base_url}: the server has gone ({_reason(error)}): start it "
                "again, then run again to go on"
            )
        return failed


def _served(model: Any) -> ServedModel:
    extra = getattr(model, "model_extra", None) or {}
    meta = extra.get("meta") or {}  # llama-server's; the others are vLLM's and SGLang's
    traits = {"root": extra.get("root")}
    traits |= {key: meta.get(key) for key in ("n_params", "size", "ftype")}
    known = tuple((key, str(value)) for key, value in traits.items() if value)
    window = extra.get("max_model_len") or meta.get("n_ctx") or 0
    return ServedModel(model.id, str(model.owned_by), int(window), known)


def _arguments(request: Request, model: ServedModel) -> dict[str, Any]:
    sampling = request.sampling
    # "All tokens" is -1 to vLLM and SGLang, and 0 to llama-cpp-python's server (which is owned by
    # "me"). Every value is sent, because servers have defaults of their own.
    top_k = sampling.top_k or (0 if model.owner == "me" else -1)
    return {
        "model": model.id,
        "prompt": request.context + request.tail,
        "max_tokens": request.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": request.seed % _SEEDS,
        "stop": list(request.stops) or None,
        "logprobs": _LIKELIEST if request.options else None,
        "extra_body": {"top_k": top_k, "min_p": sampling.min_p},
    }


def _completion(request: Request, reply: Any) -> Completion:
    if not reply.choices:
        return Completion(request.id, "", "error", "the server answered without a completion")
    choice, usage = reply.choices[0], reply.usage
    if request.options:
        return _weighed(request, choice)
    prompt = usage.prompt_tokens if usage else 0
    new = usage.completion_tokens if usage else 0
    details = usage.prompt_tokens_details if usage else None
    cached = (details.cached_tokens or 0) if details else 0
    reason, detail = choice.finish_reason, ""
    if reason == "length" and usage and new < request.max_tokens:
        reason = "window"
        detail = f"the server stopped after {new} tokens: its window is full"
    elif reason not in ("stop", "length"):
        reason, detail = "error", f"the server ended with reason {reason}"
    return Completion(
        id=request.id,
        text=choice.text if reason in ("stop", "length") else "",
        reason=reason,
        detail=detail,
        prompt_tokens=prompt,
        computed_prompt_tokens=prompt - cached,
        new_tokens=new,
    )


def _weighed(request: Request, choice: Any) -> Completion:
    likeliest = _likeliest(choice.logprobs)
    if not likeliest:
        detail = "the server gave no log-probabilities: it ended the text, or does not give any"
        return Completion(request.id, "", "error", detail)
    logprobs = tuple(likeliest.get(option, -math.inf) for option in request.options)
    return Completion(request.id, "", "stop", logprobs=logprobs)


def _likeliest(logprobs: Any) -> dict[str, float]:
    """The first token's likeliest candidates, by their text."""
    content = (getattr(logprobs, "model_extra", None) or {}).get("content")
    if content:  # llama-server answers completions in the form of a chat
        return {entry["token"]: entry["logprob"] for entry in content[0]["top_logprobs"]}
    return logprobs.top_logprobs[0] if logprobs and logprobs.top_logprobs else {}


def _reason(error: Exception) -> str:
    """What an error of the client says, in one line."""
    body = getattr(error, "body", None)
    text = body.get("message") if isinstance(body, dict) else None
    cause = error.__cause__ if error.__cause__ is not None else None
    parts = [str(text or error)] + ([str(cause)] if cause is not None and not text else [])
    return " ".join(": ".join(parts).split())[:300]

"""Generation on an OpenAI-compatible completions server: llama-server, vLLM, SGLang and others.

Up to `concurrency` requests are in flight, through the openai client (extra `server`), which
retries lost connections, timeouts, 429 and 5xx with exponential backoff, `max_retries` times. A
request that fails in every retry completes with reason "error" and does not affect the others. Only
a failure common to all requests ends the run, with an EngineError: no such server or model, a
refused key, a server that has gone, or a long series of failures.

The prompt is sent as text: the server tokenizes it, adds its BOS, and shares prefixes if it can.
Not promised: that equal seeds give equal samples; that depends on the server.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from collections.abc import Coroutine, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

from pipeline.engine import completions_api
from pipeline.engine.completions_api import ServedModel, error_text
from pipeline.engine.protocol import (
    Choice,
    Completion,
    EngineError,
    EngineStats,
    Request,
    Sampling,
    Scores,
)
from pipeline.engine.settings import ServerSettings

_PROBE_SECONDS = 30.0

_T = TypeVar("_T")
_Results: TypeAlias = "queue.SimpleQueue[Completion | EngineError]"


class ServerEngine:
    """A completions server. Use from one thread, one `generate` at a time.

    Raises EngineError when the openai client is not installed.
    """

    def __init__(self, settings: ServerSettings) -> None:
        try:
            import openai
        except ImportError:
            raise EngineError(
                "[engine] backend = server needs the openai client: pip install 'selfcodealign-luigi[server]'"
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
        """Look up the server's model. Raises EngineError if it cannot be used."""
        if self._model is None:
            self._model = self._run(self._find_model()).result()
        return self._model

    @property
    def leaves_cores_free(self) -> bool:
        """See `Engine`. The server generates."""
        return True

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """See `Engine.token_counts`: the server's `usage` for a prompt that is only the text.

        Costs one request a text, with one token generated, because servers have no common endpoint
        for it. The beginning-of-text token, if there is one, is counted.
        """
        counts = [0] * len(texts)
        greedy = Sampling(temperature=0)
        requests = (Request(str(i), "", text, 1, sampling=greedy) for i, text in enumerate(texts) if text)
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
        """See `Engine.generate`. Closing the iterator early cancels requests in flight."""
        if self._generating:
            raise EngineError("the engine is already generating: one generate() at a time")
        return self._generate(iter(requests))

    def score(self, choices: Iterable[Choice]) -> Iterator[Scores]:
        """See `Engine.score`."""
        completions = self.generate(choice.request() for choice in choices)
        return (Scores.of(completion) for completion in completions)

    def _generate(self, source: Iterator[Request]) -> Generator[Completion, None, None]:
        results: _Results = queue.SimpleQueue()
        tasks: set[Future[None]] = set()
        n_in_flight, began = 0, time.monotonic()
        self._generating = True
        try:
            for request in source:
                model = self.start()
                task = self._run(self._complete(request, model, results))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                n_in_flight += 1
                self._stats = replace(self._stats, requests=self._stats.requests + 1)
                while n_in_flight >= self._settings.concurrency or not results.empty():
                    yield self._next(results)
                    n_in_flight -= 1
            while n_in_flight:
                yield self._next(results)
                n_in_flight -= 1
        finally:
            self._generating = False
            for task in list(tasks):
                task.cancel()
            seconds = self._stats.seconds + time.monotonic() - began
            self._stats = replace(self._stats, seconds=seconds)

    def _next(self, results: _Results) -> Completion:
        result = results.get()
        if isinstance(result, EngineError):
            raise result
        self._failures = self._failures + 1 if result.reason == "error" else 0
        if self._failures > 2 * max(8, self._settings.concurrency):
            raise EngineError(
                f"{self._settings.base_url}: {self._failures} requests in a row have failed "
                f"({result.detail}): look at the server's log, then run again to resume"
            )
        old = self._stats
        self._stats = replace(
            old,
            completions=old.completions + 1,
            prompt_tokens_needed=old.prompt_tokens_needed + result.prompt_tokens,
            prompt_tokens_computed=old.prompt_tokens_computed + result.computed_prompt_tokens,
            new_tokens=old.new_tokens + result.new_tokens,
        )
        return result

    # On the event loop's thread

    def _run(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run a coroutine on the event loop's thread, started here if this process has none."""
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
        url, requested = self._settings.base_url, self._settings.model
        try:
            listed = (await self._client.models.list(timeout=_PROBE_SECONDS)).data
        except self._openai.APIStatusError as error:
            raise self._unusable(error) from error
        except self._openai.OpenAIError as error:
            raise EngineError(
                f"{url}: no answer from a completions server ({error_text(error)}): start it, or "
                "correct [engine] base_url (it ends in /v1 as a rule)"
            ) from error
        names = [model.id for model in listed]
        if not requested and len(listed) != 1:
            raise EngineError(f"{url}: it serves {len(listed)} models ({', '.join(names)}): set [engine] model")
        matches = [model for model in listed if requested in ("", model.id)]
        if not matches:
            raise EngineError(f"{url}: it does not serve {requested!r} but {', '.join(names)}: set [engine] model")
        return completions_api.served(matches[0])

    def _unusable(self, error: Any) -> EngineError:
        remedy = "correct [engine] base_url (it ends in /v1 as a rule)"
        if error.status_code in (401, 403):
            remedy = f"put a valid key into the variable {self._settings.api_key_env}"
        url = self._settings.base_url
        return EngineError(f"{url}: HTTP {error.status_code} ({error_text(error)}): {remedy}")

    async def _complete(self, request: Request, model: ServedModel, results: _Results) -> None:
        api = self._openai
        try:
            reply = await self._client.completions.create(**completions_api.arguments(request, model))
            results.put(completions_api.completion(request, reply))
        except (api.AuthenticationError, api.PermissionDeniedError, api.NotFoundError) as error:
            results.put(self._unusable(error))
        except (api.BadRequestError, api.UnprocessableEntityError) as error:
            results.put(completions_api.refused(request, error))
        except (api.APIConnectionError, api.InternalServerError) as error:
            results.put(await self._failed(request, error))
        except Exception as error:  # noqa: BLE001  one bad answer costs its own request
            results.put(Completion(request.id, "", "error", error_text(error)))

    async def _failed(self, request: Request, error: Exception) -> Completion | EngineError:
        """After the last retry: a failed completion if the server responds, else an EngineError."""
        failed = Completion(request.id, "", "error", error_text(error))
        try:
            await self._client.models.list(timeout=_PROBE_SECONDS)
        except self._openai.APIStatusError:
            return failed
        except self._openai.OpenAIError:
            return EngineError(
                f"{self._settings.base_url}: the server has gone ({error_text(error)}): start it "
                "again, then run again to resume"
            )
        return failed

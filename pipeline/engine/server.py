"""Generation on an OpenAI-compatible server: llama-server, vLLM, SGLang, hosted ones and others.

Up to `concurrency` requests are in flight, through the openai client (extra `server`), which
retries lost connections, timeouts, 429 and 5xx with exponential backoff, `max_retries` times; an
answer that is none (answers.py) is retried in the same way. A request that fails in every retry
completes with reason "undone" and does not affect the others. One that the server refuses although
it takes the same with another prompt completes with "error". Only a failure common to all requests
ends the run, with an EngineError: no such server or model, a refused key, a server that has gone,
or a long series of failures.

A prompt is sent as text: the server tokenizes it, adds its BOS, and shares prefixes if it can.
Not promised: that equal seeds give equal samples; that depends on the server.
"""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from types import TracebackType
from typing import Any, TypeAlias

from pipeline.engine import abilities, answers, completions_api
from pipeline.engine.abilities import Abilities
from pipeline.engine.answers import BadAnswer
from pipeline.engine.completions_api import ServedModel
from pipeline.engine.connection import REFUSED, Connection
from pipeline.engine.protocol import (
    Choice,
    Completion,
    EngineError,
    EngineStats,
    Request,
    Sampling,
    Scores,
    Turn,
)
from pipeline.engine.settings import ServerSettings

_LONGEST_PAUSE = 8.0

_Results: TypeAlias = "queue.SimpleQueue[Completion | EngineError]"


class ServerEngine:
    """A completions server. Use from one thread, one `generate` at a time.

    Raises EngineError when the openai client is not installed, or the key cannot be one.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._server = Connection(settings)
        self._settings = settings
        self._model: ServedModel | None = None
        self._abilities = Abilities()
        self._generating = False
        self._failures = 0
        self._stats = EngineStats()

    def start(self) -> ServedModel:
        """Look up the server's model and what it can do. Raises EngineError if it cannot be used."""
        if self._model is None:
            self._model, self._abilities = self._server.run(self._look()).result()
        return self._model

    @property
    def place(self) -> str:
        """Its address, without a user and password in it."""
        return self._server.place

    @property
    def abilities(self) -> Abilities:
        """What the server can do; see `start` for what is raised."""
        self.start()
        return self._abilities

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
        greedy, is_chat = Sampling(temperature=0), self._settings.api == "chat"
        requests = (
            Request(str(i), "", text, 1, sampling=greedy, turns=(Turn("user", text),) if is_chat else ())
            for i, text in enumerate(texts)
            if text
        )
        for completion in self.generate(requests):
            if not completion.prompt_tokens:
                raise EngineError(
                    f"{self.place}: no token counts from this server "
                    f"({completion.detail or 'its answers have no usage'}): prompts cannot be planned without, "
                    "set base_url to a server that states usage"
                )
            counts[int(completion.id)] = completion.prompt_tokens
        return counts

    def stats(self) -> EngineStats:
        return self._stats

    def close(self) -> None:
        """Drop the connections."""
        self._server.close()

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
                task = self._server.run(self._complete(request, model, results))
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
        self._failures = self._failures + 1 if result.reason == "undone" else 0
        if self._failures > 2 * max(8, self._settings.concurrency):
            raise EngineError(
                f"{self.place}: {self._failures} requests in a row have failed "
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

    async def _look(self) -> tuple[ServedModel, Abilities]:
        model = await self._find_model()

        async def send(optional: dict[str, Any]) -> object:
            request = Request("", "", abilities.PROMPT, 1, turns=self._turns(abilities.PROMPT))
            return await self._server.probe({**completions_api.arguments(request, model, frozenset()), **optional})

        try:
            return model, await abilities.find(send, self._settings.api == "chat")
        except EngineError as error:
            raise EngineError(f"{self.place}, model {model.id}: {error}") from None

    def _turns(self, text: str) -> tuple[Turn, ...]:
        return (Turn("user", text),) if self._settings.api == "chat" else ()

    async def _find_model(self) -> ServedModel:
        errors, requested = self._server.errors, self._settings.model
        listed = None
        try:
            listed = answers.models(await self._server.models())
        except BadAnswer:
            pass
        except errors.APIStatusError as error:
            if error.status_code not in (404, 405, 501) or not requested:
                raise self._server.unusable(error) from error
        except errors.OpenAIError as error:
            raise EngineError(
                f"{self.place}: no answer from a completions server ({self._server.text(error)}): start it, or "
                "correct base_url (it ends in /v1 as a rule)"
            ) from error
        if listed is None:
            if not requested:
                raise EngineError(f"{self.place}: it lists no models: set model, or correct base_url")
            return ServedModel(requested)
        names = ", ".join(model["id"] for model in listed)
        if not requested and len(listed) != 1:
            raise EngineError(f"{self.place}: it serves {len(listed)} models ({names}): set [engine] model")
        for model in listed:
            if requested in ("", model["id"]):
                return completions_api.served(model)
        raise EngineError(f"{self.place}: it does not serve {requested!r} but {names}: set [engine] model")

    async def _complete(self, request: Request, model: ServedModel, results: _Results) -> None:
        errors = self._server.errors
        try:
            results.put(await self._answered(request, completions_api.arguments(request, model, self._abilities.takes)))
        except (errors.AuthenticationError, errors.PermissionDeniedError, errors.NotFoundError) as error:
            results.put(self._server.unusable(error))
        except errors.APIStatusError as error:
            is_refused = error.status_code in REFUSED
            results.put(await self._refused(request, model, error) if is_refused else self._undone(request, error))
        except errors.APIConnectionError as error:
            results.put(await self._failed(request, error))
        except Exception as error:  # noqa: BLE001  one bad answer costs its own request
            results.put(self._undone(request, error))

    async def _answered(self, request: Request, body: dict[str, Any]) -> Completion:
        """The completion of a request; answers that are none are retried with growing pauses."""
        attempt = 0
        while True:
            try:
                return completions_api.completion(request, answers.read(await self._server.post(body)))
            except BadAnswer as error:
                if attempt == self._settings.max_retries:
                    return self._undone(request, error)
            attempt += 1
            await asyncio.sleep(min(0.25 * 2**attempt, _LONGEST_PAUSE))

    def _undone(self, request: Request, error: Exception) -> Completion:
        return Completion(request.id, "", "undone", self._server.text(error))

    async def _refused(self, request: Request, model: ServedModel, error: Any) -> Completion | EngineError:
        """A refused completion if the server takes the same request with another prompt, else an EngineError."""
        text = f"HTTP {error.status_code}: {self._server.text(error)}"
        if completions_api.is_too_long(text):
            return Completion(request.id, "", "window", text)
        turns = self._turns(abilities.PROMPT)
        control = replace(request, context="", tail=abilities.PROMPT, turns=turns, max_tokens=1)
        try:
            await self._server.probe(completions_api.arguments(control, model, self._abilities.takes))
        except abilities.Refused:
            return EngineError(f"{self.place}: it refuses every request as configured ({text})")
        except EngineError as other:
            return other
        return Completion(request.id, "", "error", text)

    async def _failed(self, request: Request, error: Exception) -> Completion | EngineError:
        """After the last retry: a request left undone if the server responds, else an EngineError."""
        try:
            await self._server.models()
        except (BadAnswer, self._server.errors.APIStatusError):
            pass  # it responds
        except self._server.errors.OpenAIError:
            return EngineError(
                f"{self.place}: the server has gone ({self._server.text(error)}): start it again, "
                "then run again to resume"
            )
        return self._undone(request, error)

"""The connection to a completions server: the openai client on an event loop of its own, and what it answers as JSON.

In messages neither the key nor an address's password appears (api_key.py). A connection works in a forked process too:
there it is made again.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from pipeline.engine import abilities
from pipeline.engine.answers import BadAnswer
from pipeline.engine.api_key import hidden, read_key
from pipeline.engine.protocol import EngineError
from pipeline.engine.settings import ServerSettings

_PROBE_SECONDS = 30.0
# Answers of HTTP that are about the request that was sent.
REFUSED = (400, 413, 415, 422, 501)
_PATHS = {"completions": "/completions", "chat": "/chat/completions"}

_T = TypeVar("_T")


class Connection:
    """To the server of `settings`. `errors` is the openai client's module, which has the errors that are raised.

    Raises EngineError when the client is not installed, or the key cannot be one.
    """

    def __init__(self, settings: ServerSettings) -> None:
        try:
            import openai
        except ImportError:
            raise EngineError(
                "a server needs the openai client, which is not installed: pip install 'openai>=1.50,<4'"
            ) from None
        self.errors: Any = openai
        self._settings = settings
        self._key = read_key(settings.api_key_env)
        self._client: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._owner = os.getpid()

    @property
    def place(self) -> str:
        """Its address, without a user and password in it."""
        return hidden(self._settings.base_url, self._key)

    def text(self, error: Exception) -> str:
        """The message of an error in one line."""
        body = getattr(error, "body", None)
        stated = body.get("message") if isinstance(body, dict) else None
        cause = error.__cause__
        parts = [str(stated or error)] + ([str(cause)] if cause is not None and not stated else [])
        return hidden(" ".join(": ".join(parts).split())[:300], self._key)

    def run(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run a coroutine on the event loop's thread, started here if this process has none."""
        if self._loop is None or self._owner != os.getpid():
            try:
                self._client = self.errors.AsyncOpenAI(
                    base_url=self._settings.base_url,
                    api_key=self._key or "none",
                    timeout=self._settings.timeout,
                    max_retries=self._settings.max_retries,
                )
            except Exception as error:  # noqa: BLE001  of the transport, which reads proxies and certificates
                work.close()
                raise EngineError(
                    f"{self.place}: no connection can be made ({self.text(error)}): look at the environment variables "
                    "ALL_PROXY, HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE"
                ) from None
            self._owner, self._loop = os.getpid(), asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Drop the connections."""
        loop, client = self._loop, self._client
        self._loop = self._client = None
        if loop is None or self._owner != os.getpid():
            return
        asyncio.run_coroutine_threadsafe(client.close(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)

    # On the event loop's thread

    async def post(self, body: dict[str, Any], client: Any = None) -> object:
        """The JSON value that the server answers with, whatever it is. Raises BadAnswer where it is none."""
        path = _PATHS[self._settings.api]
        try:
            document: object = await (client or self._client).post(path, cast_to=object, body=body)
        except ValueError as error:
            raise BadAnswer(f"the answer is no JSON ({error})") from None
        return document

    async def probe(self, body: dict[str, Any]) -> object:
        """The answer to a request whose refusal is an answer too: raises Refused.

        An error within the server counts as a refusal: some have one for parameters that they do not know.
        """
        try:
            return await self.post(body, self._client.with_options(timeout=_PROBE_SECONDS, max_retries=1))
        except self.errors.APIStatusError as error:
            if error.status_code in REFUSED or error.status_code >= 500:
                raise abilities.Refused(f"HTTP {error.status_code}: {self.text(error)}") from None
            raise self.unusable(error) from None
        except self.errors.OpenAIError as error:
            raise EngineError(f"no answer to a completion of one token ({self.text(error)})") from None

    async def models(self) -> object:
        """The JSON value of the list of models. Raises BadAnswer where it is none."""
        try:
            listed: object = await self._client.get("/models", cast_to=object, options={"timeout": _PROBE_SECONDS})
        except ValueError as error:
            raise BadAnswer(f"the list of models is no JSON ({error})") from None
        return listed

    def unusable(self, error: Any) -> EngineError:
        """The error that ends a run for one of HTTP that no other request would be spared."""
        remedy = "correct base_url (it ends in /v1 as a rule)"
        if error.status_code in (401, 403):
            remedy = f"put a valid key into the variable {self._settings.api_key_env}"
        elif error.status_code in (402, 429):
            remedy = "wait for the limit of the server's account, or raise it"
        return EngineError(f"{self.place}: HTTP {error.status_code} ({self.text(error)}): {remedy}")

"""Servers that answer with what is no answer, that refuse parameters, or that speak a dialect."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from pipeline.engine import Choice, Completion, EngineError, Request, ServerEngine, ServerSettings, Turn
from pipeline.engine.abilities import PROMPT
from tests.support.scripted_server import Scripted, completed, scripted_server


@pytest.fixture(scope="module")
def running() -> Iterator[Scripted]:
    with scripted_server() as script:
        yield script


@pytest.fixture
def server(running: Scripted) -> Scripted:
    """A server that behaves well until a test changes it."""
    fresh = Scripted(running.url)
    running.models, running.answer, running.bodies, running.headers = fresh.models, fresh.answer, [], []
    return running


def engine_of(server: Scripted, **more) -> ServerEngine:
    return ServerEngine(ServerSettings(server.url, **{"concurrency": 2, "max_retries": 0, "timeout": 10, **more}))


def complete(server: Scripted, request: Request | None = None, **more) -> Completion:
    with engine_of(server, **more) as engine:
        (completion,) = engine.generate([request or Request("r", "", "go on\n", 8, stops=("\n## ",))])
    return completion


def usage(**counts) -> dict:
    return {"usage": {"prompt_tokens": 5, "completion_tokens": 1, **counts}}


def is_probe(body: dict) -> bool:
    return body.get("prompt") == PROMPT or (body.get("messages") or [{}])[-1].get("content") == PROMPT


# What the server answers, and reason and text that come of it.
ANSWERS = {
    "text_is_null": (completed(None), "undone", ""),
    "text_is_a_number": (completed(7), "undone", ""),
    "text_is_a_list": (completed(["x"]), "undone", ""),
    "no_choices": ({"choices": []}, "undone", ""),
    "choices_are_null": ({"choices": None, "error": {"message": "out of memory"}}, "undone", ""),
    "a_choice_is_text": ({"choices": ["x"]}, "undone", ""),
    "the_answer_is_a_list": ([1, 2], "undone", ""),
    "the_answer_is_null": (None, "undone", ""),
    "no_json": (b"<html>welcome</html>", "undone", ""),
    "cut_json": (b'{"choices": [{"te', "undone", ""),
    "not_utf8": (b'{"choices": [{"text": "\xff\xfe"}]}', "undone", ""),
    "aborted": (completed("x", "abort"), "undone", ""),
    "a_server_error": ((500, {"error": "boom"}), "undone", ""),
    "too_busy": ((429, {"error": "slow down"}), "undone", ""),
    "a_gateway": ((502, b"<html>bad gateway</html>"), "undone", ""),
    "filtered": (completed("x", "content_filter"), "error", ""),
    "refused_alone": ((400, {"message": "not this"}), "error", ""),
    "too_long": ((400, {"message": "This model's maximum context length is 9 tokens"}), "window", ""),
    "half_a_surrogate": (completed("a\ud800b"), "stop", "a\ufffdb"),
    "both_halves": (completed("a\ud83d\ude00b"), "stop", "a\U0001f600b"),
    "eos_token": (completed("x", "eos_token"), "stop", "x"),
    "an_enum": (completed("x", "FinishReason.STOP"), "stop", "x"),
    "max_tokens": (completed("x", "max_tokens", **usage(completion_tokens=8)), "length", "x"),
    "no_reason_and_short": (completed("x", None), "stop", "x"),
    "no_reason_and_all_tokens": (completed("x", None, **usage(completion_tokens=8)), "length", "x"),
    "no_reason_no_usage": (completed("x", None, usage=None), "undone", ""),
    "usage_is_text": (completed("x", usage="many"), "stop", "x"),
    "usage_has_no_new_tokens": (completed("x", usage={"prompt_tokens": 5, "completion_tokens": None}), "stop", "x"),
    "usage_is_negative": (completed("x", **usage(completion_tokens=-3)), "stop", "x"),
    "more_cached_than_sent": (completed("x", **usage(prompt_tokens_details={"cached_tokens": 99})), "stop", "x"),
    "the_stop_is_left_in": (completed("x\n## Example 3\nmore", "length"), "stop", "x"),
    "its_window_is_full": (completed("x", "length", **usage(completion_tokens=3)), "window", ""),
}


@pytest.mark.parametrize(("answer", "reason", "text"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_becomes_a_completion(server, answer, reason, text):
    server.answer = lambda body: completed(" a") if is_probe(body) else answer
    completion = complete(server)
    assert (completion.reason, completion.text) == (reason, text)
    assert min(completion.prompt_tokens, completion.computed_prompt_tokens, completion.new_tokens) >= 0
    assert bool(completion.detail) == (reason in ("undone", "error", "window"))


def test_an_answer_that_is_none_is_retried(server):
    answers = iter([completed(" a"), completed(None), completed("x")])
    server.answer = lambda body: next(answers)
    assert complete(server, max_retries=1).text == "x"


def test_a_server_that_refuses_whatever_is_sent_ends_the_run(server):
    server.answer = lambda body: (
        (400, {"message": "temperature too high"}) if body.get("temperature") else completed("x")
    )
    with engine_of(server) as engine, pytest.raises(EngineError, match=r"refuses .*temperature too high"):
        list(engine.generate([Request(str(n), "", "go on", 8) for n in range(3)]))


@pytest.mark.parametrize("refusing", [400, 422, 500])
@pytest.mark.parametrize("name", ["top_k", "min_p", "seed", "logprobs"])
def test_a_parameter_that_the_server_refuses_is_found_before_any_work_and_left_out(server, name, refusing):
    server.answer = lambda body: (refusing, {"message": f"unknown {name}"}) if name in body else completed("x")
    with engine_of(server) as engine:
        assert engine.abilities.takes == {"top_k", "min_p", "seed", "logprobs"} - {name}
        (completion,) = engine.generate([Request("r", "", "go on", 8)])
    assert completion.text == "x"


@pytest.mark.parametrize(
    ("models", "answer", "message"),
    [
        ((404, {}), completed("x"), "HTTP 404.*base_url"),
        (b"<html>", completed("x"), "lists no models: set model, or correct base_url"),
        ({"data": [{"id": "a"}, {"id": "b"}]}, completed("x"), r"serves 2 models \(a, b\): set"),
        ((401, {"message": "bad key"}), completed("x"), "valid key into the variable OPENAI_API_KEY"),
        (None, (401, {"message": "bad key"}), "HTTP 401"),
        (None, (400, {"message": "no completions here"}), "refuses a completion of one token.*no completions here"),
        (None, completed(None), "its answers cannot be used: the text of the completion is null"),
        (None, completed(PROMPT + " a"), "repeats the prompt"),
        (None, completed("x", None, usage=None), "neither finish_reason nor usage"),
    ],
)
def test_a_server_that_cannot_be_used_is_an_error_at_the_start(server, models, answer, message):
    server.models = server.models if models is None else models
    server.answer = lambda body: answer
    with engine_of(server) as engine, pytest.raises(EngineError, match=message):
        engine.start()


def test_a_server_without_a_list_of_models_is_used_when_the_model_is_named(server):
    server.models = (404, {})
    with engine_of(server, model="mine") as engine:
        assert engine.start().describe() == "mine"


def test_a_server_without_usage_counts_no_tokens(server):
    server.answer = lambda body: completed("x", usage=None)
    with engine_of(server) as engine, pytest.raises(EngineError, match=r"its answers have no usage.*base_url"):
        engine.token_counts(["abc"])


def logprobs(tokens: dict[str, float]) -> dict:
    answer = completed("x", "length")
    answer["choices"][0]["logprobs"] = {"top_logprobs": [tokens]}
    return answer


def among(count: int, **tokens: float) -> dict[str, float]:
    """So many candidates, with these among them."""
    return {**{f"w{n}": -9.0 for n in range(count - len(tokens))}, **tokens}


@pytest.mark.parametrize(
    ("answer", "lack"),
    [
        (logprobs(among(20, Yes=-0.1)), ""),
        (completed("x"), "gives no log-probabilities"),
        (logprobs(among(5, Yes=-0.1)), "gives the log-probabilities of 5 tokens, and 20 are needed"),
        (logprobs({f"token_id:{n}": -1.0 for n in range(20)}), "gives no log-probabilities"),
        (logprobs(among(20, Yes=math.nan)), "gives the log-probabilities of 19 tokens, and 20 are needed"),
    ],
)
def test_whether_a_server_can_judge_is_known_at_its_start(server, answer, lack):
    server.answer = lambda body: answer
    with engine_of(server) as engine:
        assert engine.abilities.cannot_score == lack


@pytest.mark.parametrize("mark", ["", "\u2581", "\u0120"])
def test_tokens_are_read_in_the_tokenizers_spelling(server, mark):
    server.answer = lambda body: logprobs(among(20, **{f"{mark}Yes": -0.5, f"{mark}No": -1.5}))
    space = " " if mark else ""
    with engine_of(server) as engine:
        (scores,) = engine.score([Choice("c", "", "documented?\n", (f"{space}Yes", f"{space}No"))])
    assert scores.logprobs == (-0.5, -1.5)


@pytest.mark.parametrize("around", ["\n", " \r\n", "\t"])
def test_a_key_is_trimmed_and_in_no_message(server, monkeypatch, around):
    monkeypatch.setenv("OPENAI_API_KEY", f"sk-secret{around}")
    server.answer = lambda body: completed("x") if is_probe(body) else (400, {"message": "Incorrect key: sk-secret"})
    completion = complete(server)
    assert {headers["authorization"] for headers in server.headers} == {"Bearer sk-secret"}
    assert completion.detail == "HTTP 400: Incorrect key: ***"


@pytest.mark.parametrize("key", ["sk-schl\u00fcssel", "sk-one\nsk-two", "sk one"])
def test_a_key_that_can_be_none_is_refused_without_showing_it(server, monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(EngineError, match="variable OPENAI_API_KEY") as caught:
        engine_of(server)
    assert "sk" not in str(caught.value)


def test_a_password_in_an_address_is_in_no_message():
    engine = ServerEngine(ServerSettings("http://me:secret@127.0.0.1:9/v1", max_retries=0))
    with engine, pytest.raises(EngineError) as caught:
        engine.start()
    assert "secret" not in str(caught.value)
    assert "http://***@127.0.0.1:9/v1" in str(caught.value)


def test_a_proxy_that_cannot_be_used_is_named(server, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "nonsense://127.0.0.1:9")
    with engine_of(server) as engine, pytest.raises(EngineError, match="ALL_PROXY"):
        engine.start()


def said(content: object, finish_reason: str = "stop", **more: object) -> dict:
    answer = completed("", finish_reason, **usage(completion_tokens=8))
    answer["choices"][0] = {"message": {"content": content, **more}, "finish_reason": finish_reason}
    return answer


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (said("\n\nThe answer.\n## Example 9"), "The answer."),
        (said("The answer.", reasoning_content="Hm."), "<think>\nHm.\n</think>\n\nThe answer."),
        (said("The answer.", reasoning="Hm."), "<think>\nHm.\n</think>\n\nThe answer."),
        (said("<think>\n## Hm.\n</think>\nThe answer."), "<think>\n## Hm.\n</think>\nThe answer."),
        (said(None, "length", reasoning_content="Hm."), "<think>\nHm.\n</think>\n\n"),
    ],
)
def test_a_chat_answers_a_conversation(server, answer, text):
    server.answer = lambda body: said("a") if is_probe(body) else answer
    turns = (Turn("system", "Be brief."), Turn("user", "Why?"))
    request = Request("r", "", "Why?", 8, stops=("\n## ",), turns=turns)
    completion = complete(server, request, api="chat")
    assert completion.text == text
    assert server.bodies[-1]["messages"] == [{"role": turn.role, "content": turn.text} for turn in turns]
    assert not {"prompt", "stop", "logprobs"} & server.bodies[-1].keys()

"""The engine's process is killed, hangs, runs out of memory, or loses its caller."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from pipeline.engine import EngineError, EngineSettings, LlamaEngine, Request, embedded
from pipeline.engine.process import Child

ROOT = Path(__file__).resolve().parents[3]
EXACT = {"n_threads": 1, "type_k": "f32", "type_v": "f32"}


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def gone(pid: int, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def texts(engine: LlamaEngine, requests: list[Request]) -> dict[str, str]:
    completions = [(c.id, c.text) for c in engine.generate(requests)]
    assert len(completions) == len(dict(completions)) == len(requests)
    return dict(completions)


class Killed(Child):
    """An engine process that receives a signal when it starts one of the requests in `deadly`."""

    deadly: frozenset[str] = frozenset()
    signal = signal.SIGSEGV

    def send(self, message):
        if message is not None and isinstance(message[1], Request):
            if not hasattr(self, "ids"):
                self.ids = {}
            self.ids[message[0]] = message[1].id
        super().send(message)

    def receive(self, timeout):
        messages = super().receive(timeout)
        for message in messages:
            if message[0] == "started" and self.ids[message[1]] in self.deadly:
                os.kill(self.pid, self.signal)
        return messages


@pytest.fixture
def killed(monkeypatch) -> type[Killed]:
    """The class of the engine's process, with `deadly` and `signal` to be set."""

    class Here(Killed):
        pass

    monkeypatch.setattr(embedded, "Child", Here)
    return Here


def test_ten_kills_during_a_run_cost_no_request_and_change_no_sample(tiny_model, make_requests):
    requests = make_requests(40, 3, max_tokens=48)
    settings = EngineSettings(str(tiny_model), n_seq=8, **EXACT)
    with LlamaEngine(settings) as engine:
        undisturbed = texts(engine, requests)
    completed: dict[str, str] = {}
    kills = 0
    with LlamaEngine(settings) as engine:
        for completion in engine.generate(requests):
            assert completion.id not in completed
            assert completion.reason in ("stop", "length")
            completed[completion.id] = completion.text
            if len(completed) % 11 == 0 and kills < 10:
                os.kill(engine.pid, (signal.SIGSEGV, signal.SIGKILL)[kills % 2])
                kills += 1
        assert kills == engine.stats().restarts == 10
    assert completed == undisturbed


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_request_that_kills_the_process_is_given_up_and_the_others_complete(
    tiny_model, make_requests, killed, number
):
    killed.deadly, killed.signal = frozenset({"5/1"}), number
    completed = {}
    with LlamaEngine(EngineSettings(str(tiny_model), n_seq=4, **EXACT)) as engine:
        for completion in engine.generate(make_requests(10, 2, max_tokens=32)):
            assert completion.id not in completed
            completed[completion.id] = completion
    assert len(completed) == 20
    assert [c.id for c in completed.values() if c.reason == "crash"] == ["5/1"]
    assert f"killed by {number.name}" in completed["5/1"].detail


def test_when_every_request_kills_the_process_the_run_ends_with_an_error(
    tiny_model, make_requests, killed, monkeypatch
):
    monkeypatch.setattr(embedded, "CRASHES_IN_A_ROW", 2)
    killed.deadly = frozenset(f"{i}/0" for i in range(60))
    with (
        LlamaEngine(EngineSettings(str(tiny_model), n_seq=1, **EXACT)) as engine,
        pytest.raises(EngineError, match=r"died .*in a row"),
    ):
        list(engine.generate(make_requests(60)))


def test_a_process_without_heartbeat_is_replaced(tiny_model, make_requests):
    settings = EngineSettings(str(tiny_model), n_seq=4, step_timeout=3, **EXACT)
    requests = make_requests(8, 2, max_tokens=64)
    with LlamaEngine(settings) as engine:
        completions = engine.generate(requests)
        completed = [next(completions).id]
        stopped = engine.pid
        os.kill(stopped, signal.SIGSTOP)
        completed += [c.id for c in completions]
        assert engine.pid != stopped
        assert not alive(stopped)
    assert sorted(completed) == sorted(r.id for r in requests)


def test_a_slow_caller_is_no_hang(tiny_model, make_requests):
    settings = EngineSettings(str(tiny_model), n_seq=2, step_timeout=3, **EXACT)
    with LlamaEngine(settings) as engine:
        completions = engine.generate(make_requests(30))
        next(completions)
        time.sleep(4)
        assert len(list(completions)) == 29
        assert engine.stats().restarts == 0


def test_a_process_killed_between_two_generations_is_replaced(engine, make_requests):
    before = texts(engine, make_requests(3))
    os.kill(engine.pid, signal.SIGKILL)
    assert texts(engine, make_requests(3)) == before


def test_closing_ends_the_process_and_the_next_use_starts_another(tiny_model, make_requests):
    engine = LlamaEngine(EngineSettings(str(tiny_model), **EXACT))
    before, first = texts(engine, make_requests(2)), engine.pid
    engine.close()
    assert not alive(first)
    assert texts(engine, make_requests(2)) == before
    engine.close()
    engine.close()


def test_a_garbage_collected_engine_ends_its_process(tiny_model):
    engine = LlamaEngine(EngineSettings(str(tiny_model), **EXACT))
    engine.start()
    pid = engine.pid
    del engine
    assert gone(pid)


def test_a_fork_of_the_caller_uses_a_process_of_its_own(engine, make_requests):
    expected, pid = texts(engine, make_requests(2)), engine.pid
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if texts(engine, make_requests(2)) == expected and engine.pid != pid else 2
            engine.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert engine.pid == pid
    assert texts(engine, make_requests(2)) == expected


def test_an_engine_started_in_a_thread_outlives_the_thread(tiny_model, make_requests):
    with LlamaEngine(EngineSettings(str(tiny_model), **EXACT)) as engine:
        thread = threading.Thread(target=engine.start)
        thread.start()
        thread.join()
        pid = engine.pid
        assert len(texts(engine, make_requests(2))) == 2
        assert engine.pid == pid


def test_too_little_memory_means_fewer_sequences_and_a_note(tiny_model, make_requests, tmp_path):
    out = run_script(
        """
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (1_700_000_000, 1_700_000_000))
        settings = EngineSettings(MODEL, n_seq=16, n_cells=3_000_000, n_batch=32, n_threads=1,
                                  type_k="f32", type_v="f32", sample_threads=1)
        with LlamaEngine(settings) as engine:
            plan = engine.start()
            print(plan.n_seq, plan.notes)
            print(len(list(engine.generate([Request("a", "", "b", 2)]))))
        """,
        tiny_model,
        env={"OPENBLAS_NUM_THREADS": "1"},
    )
    n_seq = int(out.split()[0])
    assert 1 <= n_seq < 16
    assert f"{n_seq} sequences at a time instead of 16: memory ran out" in out


HEADER = """
import sys, os, time
from pipeline.engine import EngineSettings, LlamaEngine, Request
MODEL = sys.argv[1]
def endless():
    i = 0
    while True:
        i += 1
        yield Request(str(i), "", "abc " * 20, 64, seed=i)
"""


def start_script(body: str, model: Path, **more) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **more.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-c", HEADER + textwrap.dedent(body), str(model)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        **more,
    )


def run_script(body: str, model: Path, **more) -> str:
    process = start_script(body, model, **more)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


RUN_FOREVER = """
with LlamaEngine(EngineSettings(MODEL, n_threads=1)) as engine:
    engine.start()
    print(engine.pid, flush=True)
    for completion in engine.generate(endless()):
        pass
"""


def test_the_process_ends_with_a_caller_that_is_killed(tiny_model):
    caller = start_script(RUN_FOREVER, tiny_model)
    pid = int(caller.stdout.readline())
    caller.kill()
    caller.communicate()
    assert gone(pid)


def test_the_process_ends_with_its_caller_even_if_another_process_has_the_pipes(tiny_model):
    body = """
        import threading
        engine = LlamaEngine(EngineSettings(MODEL, n_threads=1))
        thread = threading.Thread(target=engine.start)  # so that the kernel does not end it
        thread.start()
        thread.join()
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        print(engine.pid, flush=True)
        time.sleep(60)
        """
    caller = start_script(body, tiny_model, start_new_session=True)
    pid = int(caller.stdout.readline())
    caller.kill()
    caller.wait()
    assert gone(pid)
    os.killpg(caller.pid, signal.SIGKILL)
    caller.communicate()


def test_ctrl_c_ends_the_caller_at_once_and_the_process_with_it(tiny_model):
    caller = start_script(RUN_FOREVER, tiny_model, start_new_session=True)
    pid = int(caller.stdout.readline())
    time.sleep(0.3)
    os.killpg(caller.pid, signal.SIGINT)
    _, err = caller.communicate(timeout=20)
    assert caller.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in err
    assert gone(pid)


def test_a_script_without_a_main_guard_runs_once_and_llama_cpp_is_silent(tiny_model, tmp_path):
    script = tmp_path / "script.py"
    body = """
        print("begin")
        with LlamaEngine(EngineSettings(MODEL, n_threads=1, n_ctx=4096)) as engine:
            print(len(list(engine.generate(Request(str(i), "", "a", 4) for i in range(3)))))
        """
    script.write_text(HEADER + textwrap.dedent(body))
    done = subprocess.run(
        [sys.executable, str(script), str(tiny_model)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        timeout=60,
    )
    assert done.stdout == "begin\n3\n"
    assert done.stderr.replace("\n", "") in (
        "",
        "engine: n_ctx = 4096 is more than the 2048 tokens the model was trained for",
    )

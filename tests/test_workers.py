"""Processes that crash, hang, eat memory and are killed."""

import io
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from indexer.decoding.decode import DecodePool
from searchengine.encoders.spec import Preprocessing
from searchengine.errors import ImgsearchError
from searchengine.workers import pool as workers
from searchengine.workers import worker
from searchengine.workers.pool import WorkerDiedError, WorkerPool, describe_exit
from tests.pictures import paint

SIZE = Preprocessing((64, 64), mean=(0, 0, 0), std=(1, 1, 1))

MISBEHAVING = """
import hashlib, os, signal, time

def work(what):
    if what.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, what))
    if what == "exit":
        os._exit(7)
    if what == "hang":  # in C, where no Python signal handler runs
        hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
    if what == "allocate":
        return len(bytearray(1 << 30))
    if what == "print":
        os.write(1, b"noise"), os.write(2, b"noise"), print("noise")
    if what == "raise":
        raise ValueError("as it should")
    if what == "unpicklable":
        return lambda: None
    if what == "pid":
        return os.getpid()
    if what.startswith("once "):  # dies the first time, as one does that something else kills
        try:
            os.mkdir(what[5:])
        except FileExistsError:
            return "second try"
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "slow":
        time.sleep(0.05)
    if what == "large":  # longer than a task may take, but getting on
        from searchengine.workers.worker import restart_alarm

        for _ in range(12):
            time.sleep(0.2)
            restart_alarm()
    return what
"""


@pytest.fixture(scope="module")
def misbehaving(tmp_path_factory):
    """A function that does whatever it is told, in a module that workers can import."""
    folder = tmp_path_factory.mktemp("misbehaving")
    (folder / "misbehaving.py").write_text(MISBEHAVING)
    sys.path.insert(0, str(folder))
    from misbehaving import work

    yield work
    sys.path.remove(str(folder))


class Order(str):
    """What `misbehaving` is to do, with a path as a task has it; it reaches the worker as a mere word."""

    __slots__ = ()
    path = b"x.jpg"

    def __reduce__(self):
        return str, (str(self),)


def outcome(future):
    try:
        return future.result(timeout=120)
    except Exception as error:  # noqa: BLE001 -- raised or returned, it is looked at
        return error


def test_a_crash_concerns_its_own_task_only(misbehaving):
    whats = [what for at in range(4) for what in ("slow", f"fine {at}", "SIGSEGV", "slow", "SIGKILL", "exit")]
    with WorkerPool(misbehaving, workers=2, seconds=60) as pool:
        answers = [outcome(future) for future in [pool.submit(what) for what in whats]]
    for what, answer in zip(whats, answers, strict=True):
        if what.startswith("SIG") or what == "exit":
            assert isinstance(answer, WorkerDiedError)
            assert not answer.timed_out
            assert (what if what != "exit" else "exit status 7") in str(answer)
        else:
            assert answer == what


def test_a_task_that_gets_on_may_take_longer(misbehaving):
    with WorkerPool(misbehaving, workers=1, seconds=2) as pool:
        assert pool.submit("large").result() == "large"
    worker.restart_alarm()  # there is none outside of a worker, and none is set


def test_a_hang_ends_when_its_time_is_up_and_others_go_on_meanwhile(misbehaving):
    with WorkerPool(misbehaving, workers=2, seconds=2) as pool:
        started = time.monotonic()
        hang = pool.submit("hang")
        assert [pool.submit(f"fine {at}").result() for at in range(20)] == [f"fine {at}" for at in range(20)]
        error = outcome(hang)
        assert isinstance(error, WorkerDiedError)
        assert error.timed_out
        assert 1.9 < time.monotonic() - started < 60


def test_what_dies_only_once_did_not_die_of_the_task(misbehaving, tmp_path):
    with WorkerPool(misbehaving, workers=1, seconds=60) as pool:
        assert outcome(pool.submit(f"once {tmp_path / 'here'}")) == "second try"


def test_an_idle_worker_that_is_killed_is_replaced(misbehaving):
    with WorkerPool(misbehaving, workers=1, seconds=60) as pool:
        first = pool.submit("pid").result()
        os.kill(first, 9)
        assert pool.submit("pid").result() != first


def test_memory_is_limited_where_the_system_can(misbehaving):
    with WorkerPool(misbehaving, workers=1, seconds=60, memory=300 << 20) as pool:
        assert isinstance(outcome(pool.submit("allocate")), MemoryError)
        assert outcome(pool.submit("fine")) == "fine"


def test_printing_and_raising_and_answers_that_cannot_be_sent_do_no_harm(misbehaving, capfd):
    with WorkerPool(misbehaving, workers=1, seconds=60) as pool:
        assert outcome(pool.submit("print")) == "print"
        assert repr(outcome(pool.submit("raise"))) == "ValueError('as it should')"
        assert "can't be sent" in str(outcome(pool.submit("unpicklable")))
        assert outcome(pool.submit("fine")) == "fine"
    assert capfd.readouterr() == ("", "")


def test_stopping_is_prompt_and_cancels_what_is_left(misbehaving):
    with WorkerPool(misbehaving, workers=2, seconds=600) as pool:
        pids = {pool.submit("pid").result() for _ in range(4)}
        futures = [pool.submit("hang") for _ in range(5)]
        while not futures[1].running():
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 60
    assert {type(outcome(future)).__name__ for future in futures} == {"CancelledError"}
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_worker_that_cannot_start_is_an_error_that_says_so(misbehaving, monkeypatch):
    monkeypatch.setattr(workers, "_BOOT", "raise SystemExit(5)")
    with (
        WorkerPool(misbehaving, workers=1, seconds=60) as pool,
        pytest.raises(ImgsearchError, match="exit status 5"),
    ):
        pool.submit("fine").result()


def test_a_system_without_room_for_a_process_is_an_error_that_says_so(misbehaving, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with (
        WorkerPool(misbehaving, workers=1, seconds=60) as pool,
        pytest.raises(ImgsearchError, match="can't be started"),
    ):
        pool.submit("fine").result()


def test_the_workers_side_answers_until_its_input_ends(monkeypatch):
    """The loop that runs in a worker's process, here in this one."""
    requests, answers = io.BytesIO(), io.BytesIO()
    for message in ((float, 20.0, None), "1.5", "nonsense", "2.5"):
        pickle.dump(message, requests)
    requests.seek(0)
    monkeypatch.setattr(worker, "_take_standard_streams", lambda: (requests, answers))
    monkeypatch.setattr(worker, "_silence", lambda descriptor: None)
    monkeypatch.setattr(worker, "limit_process", lambda memory: None)
    monkeypatch.setattr(worker, "_seconds", 0.0)  # put back, so that nothing here has an alarm later
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        worker.serve()
    finally:
        signal.signal(signal.SIGINT, interrupt)
    answers.seek(0)
    said = [pickle.load(answers) for _ in range(4)]
    assert said[:2] == [True, (True, 1.5)]
    assert said[2][0] is False
    assert "nonsense" in str(said[2][1])
    assert said[3] == (True, 2.5)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [("SIGSEGV", "crash", "signal 11, SIGSEGV"), ("hang", "timeout", "longer than 1.5 s")],
)
def test_a_decoder_that_crashes_or_hangs_is_a_bad_file_like_any_other(misbehaving, what, kind, words):
    with DecodePool(SIZE, workers=1, seconds=1.5) as pool:
        pool._function = misbehaving
        answer = pool.submit(Order(what)).result()
    assert (answer.kind, answer.path) == (kind, b"x.jpg")
    assert words in answer.reason


def test_exit_codes_in_words():
    assert describe_exit(-11) == "signal 11, SIGSEGV"
    assert describe_exit(-63) == "signal 63"
    assert describe_exit(3) == "exit status 3"


SCRIPT = """
from indexer.decoding.decode import DecodePool, Task
from searchengine.encoders.spec import Preprocessing

with DecodePool(Preprocessing((64, 64), (0, 0, 0), (1, 1, 1)), workers=2) as pool:
    print(pool.submit(Task({path!r})).result().width)
"""


@pytest.mark.parametrize("how", ["standard input", "a script without a guard", "-c"])
def test_it_works_from(how, tmp_path):
    photo = paint(tmp_path / "photo.jpg", size=(640, 480))
    code = SCRIPT.format(path=os.fsencode(photo))
    script = tmp_path / "script.py"
    script.write_text(code)
    arguments = {"standard input": ["-"], "-c": ["-c", code]}.get(how, [str(script)])
    done = subprocess.run(
        [sys.executable, *arguments],
        input=code,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": str(pathlib.Path(workers.__file__).parents[2])},
    )
    assert (done.stdout, done.stderr) == ("640\n", "")


def test_workers_import_nothing_heavy_and_end_with_their_parent(tmp_path):
    """Also when the parent is killed and the worker hangs: its own alarm ends it."""
    (tmp_path / "hanging.py").write_text(
        textwrap.dedent("""
            import hashlib, os, sys
            import indexer.decoding.decode, searchengine.encoders.preprocess  # before any task's time begins

            def work(path):
                heavy = {"torch", "open_clip", "onnxruntime", "faiss", "sqlalchemy"} & set(sys.modules)
                with open(path + ".part", "w") as file:
                    file.write(f"{os.getpid()} {sorted(heavy)}")
                os.rename(path + ".part", path)
                hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)

            if __name__ == "__main__":
                from hanging import work
                from searchengine.workers.pool import WorkerPool
                WorkerPool(work, workers=1, seconds=2).submit(sys.argv[1])
        """)
    )
    said = tmp_path / "said"
    environment = {
        **os.environ,
        "PYTHONPATH": f"{pathlib.Path(workers.__file__).parents[2]}{os.pathsep}{tmp_path}",
    }
    parent = subprocess.Popen([sys.executable, str(tmp_path / "hanging.py"), str(said)], env=environment)
    wait_until(said.exists)
    parent.kill()
    parent.wait()
    pid, heavy = said.read_text().split(maxsplit=1)
    assert heavy == "[]"
    wait_until(lambda: is_gone(int(pid)))


def wait_until(holds, seconds=120):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_gone(pid):
    """Gone, or dead and only waiting for whoever inherited it to notice."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True

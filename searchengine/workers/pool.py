"""Processes that do one task at a time and may crash, hang or eat memory without harming anybody else.

Neither `concurrent.futures` nor pebble does here: the first breaks as a whole when one process dies; the
second does so when an idle one is killed, and shares pipes and locks among all its workers. Here every
worker has a pipe of its own, so a death concerns exactly one task, which is known.

A worker is a fresh interpreter started with `subprocess`, not with `multiprocessing`: that would fork
beside the threads of an inference runtime, or run the caller's main script a second time, which scripts
without an ``if __name__ == "__main__"`` guard and programs read from standard input don't survive.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from searchengine.errors import ImgsearchError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

Task = TypeVar("Task")
Answer = TypeVar("Answer")

# -P below keeps the working directory, which may be a stranger's photo folder, out of the first imports.
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from searchengine.workers.worker import serve; serve()"
)

# One thread each: there are as many workers as cores, and a numerical library reserves memory by the thread.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

_ALARM: int | None = getattr(signal, "SIGALRM", None)


class WorkerDiedError(Exception):
    """A worker's process ended in the middle of a task.

    Attributes:
        exit_code: As `subprocess` gives it: minus the signal's number, or what it exited with.
        timed_out: Whether it took longer than it may.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(describe_exit(exit_code))
        self.exit_code = exit_code
        # Where there is no alarm signal, faulthandler's watchdog ends the process with 1; nothing else does.
        self.timed_out = exit_code == (-_ALARM if _ALARM is not None else 1)


def describe_exit(code: int) -> str:
    """An exit code in words: ``signal 11, SIGSEGV`` or ``exit status 3``."""
    if code >= 0:
        return f"exit status {code}"
    with suppress(ValueError):
        return f"signal {-code}, {signal.Signals(-code).name}"
    return f"signal {-code}"


class Worker(Generic[Task, Answer]):
    """One process. Used by one thread; only `kill` may be called from another."""

    def __init__(self, function: Callable[[Task], Answer], *, seconds: float, memory: int | None) -> None:
        """Start the process; it goes on to import what it needs by itself, see `wait_until_ready`.

        Raises:
            ImgsearchError: The process can't be started.
        """
        path = json.dumps([entry or os.getcwd() for entry in sys.path])
        # A group of its own: Ctrl-C in a terminal is for the parent to act on.
        group: dict[str, Any] = (
            {"process_group": 0}
            if os.name == "posix"
            else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        )
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **_ENVIRONMENT},
                **group,
            )
        except OSError as error:
            raise ImgsearchError(
                f"a worker process can't be started ({error}); close other programs, or use fewer workers"
            ) from error
        self._setup = pickle.dumps((function, seconds, memory))

    def wait_until_ready(self) -> None:
        """Hand over the function and wait until it is imported, so that no task's time is spent on that.

        Raises:
            ImgsearchError: The process can't be started.
        """
        try:
            self._send(self._setup)
            pickle.load(self._stdout)  # noqa: S301 -- the child is this program
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise ImgsearchError(
                f"a worker process can't be started ({describe_exit(self._wait())}); see what it says above"
            ) from error

    def call(self, task: Task) -> Answer:
        """Have a task done.

        Raises:
            WorkerDiedError: The process ended meanwhile; this worker is of no use any more.
            Exception: What the function raised.
        """
        try:
            self._send(pickle.dumps(task))
            good, answer = pickle.load(self._stdout)  # noqa: S301 -- as above
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise WorkerDiedError(self._wait()) from error
        if not good:
            raise answer
        return answer  # type: ignore[no-any-return]  # from the pipe

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process at once; whoever waits for it in `call` gets the error."""
        self._process.kill()

    def close(self) -> None:
        """End the process and give its pipes back."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was to be said is for nobody now
                    pipe.close()

    @property
    def _stdout(self) -> Any:
        return self._process.stdout

    def _send(self, data: bytes) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            stdin.write(data)
            stdin.flush()

    def _wait(self) -> int:
        try:
            return self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:  # it closed its pipes but goes on
            self._process.kill()
            return self._process.wait()


class WorkerPool(Generic[Task, Answer]):
    """As many workers as asked for, each started when there is work for it and anew when it dies.

    A context manager; leaving it stops the workers, whatever they are doing.
    """

    def __init__(
        self,
        function: Callable[[Task], Answer],
        *,
        workers: int,
        seconds: float,
        memory: int | None = None,
        on_death: Callable[[Task, WorkerDiedError], Answer] | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            function: What a worker does. Pickled by name, so it lives at the top of an importable module
                (or is a `functools.partial` of such a one).
            workers: Most processes at a time.
            seconds: Most a task may take.
            memory: Most bytes a process may allocate; None for no limit.
            on_death: Gives the answer for a task whose worker ended; by default the future raises.
        """
        self.workers = workers
        self._on_death = on_death
        self._function, self._seconds, self._memory = function, seconds, memory
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="worker")
        self._own = threading.local()
        self._all: set[Worker[Task, Answer]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def submit(self, task: Task) -> Future[Answer]:
        """Have a task done by the next free worker.

        Returns:
            A future of the function's answer. It raises what the function raised, `WorkerDiedError` when
            the worker ended, and `CancelledError` when the pool was stopped first.
        """
        return self._threads.submit(self._call, task)

    def _call(self, task: Task) -> Answer:
        """Runs in a thread that has one worker of its own."""
        try:
            try:
                return self._try(task)
            except WorkerDiedError as death:
                if death.timed_out:
                    raise
                # Something else may have killed it: only who dies twice dies of the task.
                return self._try(task)
        except WorkerDiedError as death:
            if self._on_death is None:
                raise
            return self._on_death(task, death)

    def _try(self, task: Task) -> Answer:
        worker = self._worker()
        try:
            return worker.call(task)
        except WorkerDiedError:
            self._dismiss(worker)
            if self._stopped:
                raise CancelledError from None
            raise

    def _worker(self) -> Worker[Task, Answer]:
        worker: Worker[Task, Answer] | None = getattr(self._own, "worker", None)
        if worker is not None and worker.is_alive:
            return worker
        if worker is not None:
            self._dismiss(worker)
        with self._lock:
            if self._stopped:
                raise CancelledError
            worker = Worker(self._function, seconds=self._seconds, memory=self._memory)
            self._all.add(worker)
        try:
            worker.wait_until_ready()
        except ImgsearchError:
            self._dismiss(worker)
            if self._stopped:
                raise CancelledError from None
            raise
        self._own.worker = worker
        return worker

    def _dismiss(self, worker: Worker[Task, Answer]) -> None:
        self._own.worker = None
        worker.close()
        with self._lock:
            self._all.discard(worker)

    def stop(self) -> None:
        """End all workers now; tasks that aren't done are cancelled."""
        with self._lock:
            self._stopped = True
            workers = list(self._all)
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.kill()
        self._threads.shutdown()
        for worker in workers:
            worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

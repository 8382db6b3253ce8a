"""The one place that calls Ray: joining a cluster, looking at its nodes, and sending blocks through it."""

from __future__ import annotations

import logging
import os
import socket
import sys
import warnings
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from indexer.distributed.placement import RESERVED, Node
from searchengine import __version__
from searchengine.cores import available_cores
from searchengine.errors import ClusterError, ImgsearchError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from indexer.distributed.placement import Placement

LOCAL = "local"
_CLIENT = "ray://"
# What travels through Ray's memory are lists of names.
_LOCAL_OBJECT_STORE = 128 << 20
_KNOCK = 5.0
"""Seconds that a machine may take to answer at all."""
_PATIENCE = 60.0
"""Seconds that a node may take to answer whether it sees the pictures."""


class Done(NamedTuple):
    """A block that has been embedded.

    Attributes:
        shard: Name of the shard that holds what came of it.
        files: How many files that is about.
        encode_s: Seconds of encoding.
        node: The machine that did it.
    """

    shard: str
    files: int
    encode_s: float
    node: str


class Cluster:
    """A cluster that this process has joined; see `joined`."""

    def __init__(self, ray: Any, *, is_client: bool) -> None:
        self._ray = ray
        self._is_client = is_client

    def nodes(self) -> list[Node]:
        """The nodes that are up, with what is free on them."""
        free = self._ray.get(self._ray.remote(_free).options(num_cpus=0).remote())
        return [
            Node(
                node["NodeID"],
                node["NodeManagerAddress"],
                int(free.get(node["NodeID"], {}).get("CPU", 0)),
                int(free.get(node["NodeID"], {}).get("GPU", 0)),
            )
            for node in self._ray.nodes()
            if node["Alive"]
        ]

    def ask(self, nodes: Sequence[Node], question: Callable[[], str | None]) -> None:
        """Have every node answer a question before it is given work.

        Args:
            nodes: Which.
            question: Called on each; gives what is wrong there, or None.

        Raises:
            ClusterError: Something is, or a node has another imgsearch, or doesn't answer.
        """
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        answers = {}
        for node in nodes:
            there = NodeAffinitySchedulingStrategy(node.id, soft=False)
            task = self._ray.remote(_answer).options(num_cpus=0, scheduling_strategy=there)
            answers[node.name] = task.remote(question)
        for name, answer in answers.items():
            try:
                version, wrong = self._ray.get(answer, timeout=_PATIENCE)
            except self._ray.exceptions.RayError as error:
                raise ClusterError(
                    f"the node {name} can't work for imgsearch: {_in_a_line(error)}; install the same"
                    f" imgsearch ({__version__}) and Python on every node"
                ) from error
            if version != __version__:
                raise ClusterError(
                    f"the node {name} has imgsearch {version}, this machine {__version__};"
                    " install the same version on every node"
                )
            if wrong:
                raise ClusterError(f"the node {name} {wrong}")

    def run(
        self, blocks: list[pa.Table], worker: type, arguments: dict[str, Any], placement: Placement
    ) -> Iterator[Done]:
        """Send blocks through a pool of stateful workers.

        A worker whose node dies is replaced where there is room, and its block is done again by another.

        Args:
            blocks: Tables; a worker is called with one at a time, and at least once with each.
            worker: A class; called with a table, gives one of one row, a `Done`.
            arguments: Keywords to make a worker with.
            placement: How many workers, and what each takes.

        Yields:
            What each block gave, as they get done.

        Raises:
            ImgsearchError: What a worker raised, or that the cluster is gone.
        """
        given = worker, arguments, placement
        try:
            if not self._is_client:
                yield from _stream(blocks, *given)
                return
            # Ray Data doesn't stream to Ray's client (ray-project/ray#49969): an actor over there does it.
            stream = self._ray.remote(_Stream).options(num_cpus=0).remote(blocks, *given)
            while (done := self._ray.get(stream.next.remote())) is not None:
                yield done
        except self._ray.exceptions.RayError as error:
            raise _explained(error) from error


@contextmanager
def joined(address: str) -> Iterator[Cluster]:
    """Join a cluster for as long as the block lasts.

    Args:
        address: ``local`` starts one on this machine; ``auto`` joins the one that runs here; ``HOST:PORT``
            one that this machine is a node of; ``ray://HOST:PORT`` any, through its client server.

    Raises:
        UsageError: Ray isn't installed.
        ClusterError: There is no cluster at this address, or another version of Ray.
    """
    require()
    _knock(address)
    if address.startswith(_CLIENT):
        _show_token()
    ray = _import_ray()
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == LOCAL:
        options |= {
            "num_cpus": available_cores() + RESERVED,  # logical ones: all cores are there to embed with
            "include_dashboard": False,
            "object_store_memory": _LOCAL_OBJECT_STORE,
        }
    try:
        with _hushed():
            ray.init(address, **options)
    except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        raise _unreachable(address, _in_a_line(error)) from error
    # Ray says there that a node is gone, until its end; results go to standard output.
    with redirect_stdout(sys.stderr):
        try:
            yield Cluster(ray, is_client=address.startswith(_CLIENT))
        finally:
            ray.shutdown()


def _knock(address: str) -> None:
    """Whether anybody listens at an address with a port; Ray would try for minutes."""
    host, _, port = address.removeprefix(_CLIENT).rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK).close()
    except OSError as error:
        raise _unreachable(address, (error.strerror or str(error)).lower()) from error


def _show_token() -> None:
    """Have Ray's client show the token where there is one.

    A node finds out by itself whether its cluster asks for one, and must not be told that it does when it
    doesn't: it would then refuse the others. A client only shows it.
    """
    has_token = (
        os.environ.get("RAY_AUTH_TOKEN")
        or os.environ.get("RAY_AUTH_TOKEN_PATH")
        or os.path.exists(os.path.expanduser("~/.ray/auth_token"))
    )
    if has_token:
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def _unreachable(address: str, reason: str) -> ClusterError:
    if address == "local":
        return ClusterError(
            f"Ray can't be started on this machine: {reason}; run the command again when the machine is less"
            " busy, or leave --ray out"
        )
    return ClusterError(
        f"the Ray cluster {address} can't be joined: {reason}; check that it runs (ray status), in which"
        " version, and its token (RAY_AUTH_TOKEN), or embed on this machine alone: --ray local"
    )


@contextmanager
def _hushed() -> Iterator[None]:
    """Nothing on standard error, where Ray's native code chatters: what fails is raised."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def require() -> None:
    """Be sure that Ray is there.

    Raises:
        UsageError: It isn't installed.
    """
    if find_spec("ray") is None or find_spec("pyarrow") is None:
        raise UsageError("--ray needs the extra ray: pip install 'imgsearch[ray]'")


def _import_ray() -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what fails is raised
    import ray
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray


def _stream(
    blocks: list[pa.Table], worker: type, arguments: dict[str, Any], placement: Placement
) -> Iterator[Done]:
    import ray

    ray.data.DataContext.get_current().enable_progress_bars = False
    data = ray.data.from_arrow(blocks).map_batches(
        worker,
        fn_constructor_kwargs=arguments,
        batch_size=None,  # a block is a batch
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=placement.actors, max_tasks_in_flight_per_actor=2),
        num_cpus=placement.cpus,
        num_gpus=placement.gpus,
    )
    for row in data.iter_rows():
        yield Done(**row)


class _Stream:
    """Runs where the cluster is, for a client who can't."""

    def __init__(self, *arguments: Any) -> None:
        self._rows = _stream(*arguments)

    def next(self) -> Done | None:
        """What the next block that is done gave; None when all are."""
        return next(self._rows, None)


def _free() -> dict[str, dict[str, float]]:
    """Resources that nobody has taken, by node; runs in the cluster, because Ray's client can't ask."""
    state = import_module("ray._private.state")  # the only way to ask: what is public adds all nodes up
    free: dict[str, dict[str, float]] = state.available_resources_per_node()
    return free


def _answer(question: Callable[[], str | None]) -> tuple[str, str | None]:
    """Runs on a node that is asked."""
    return __version__, question()


def _explained(error: Exception) -> ImgsearchError:
    """What a worker raised, where that is an error of ours."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ImgsearchError):
            return cause
        cause = getattr(cause, "cause", None) or cause.__cause__
    return ClusterError(
        f"the Ray cluster couldn't go on: {_in_a_line(error)}; what was embedded is kept:"
        " run the command again"
    )


def _in_a_line(error: BaseException) -> str:
    """The last line of what Ray says, which is the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__

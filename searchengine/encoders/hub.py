"""Fetching files from the Hugging Face hub, or a mirror that HF_ENDPOINT names.

Files go into the hub's own cache, where open_clip and others find them too. The hub's client does the
transfer: it writes under a temporary name and renames, so that a file is whole or not there. What is done
here is to ask for the file first, once and with a limit on the time: without that, no network is found out
after most of a minute of retries, and reported as another file's being missing.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from searchengine.errors import ModelDownloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")

# A hub that answers does so in well under a second. The limit on the whole covers name resolution, which
# takes no timeout of its own.
_ANSWER_SECONDS = 4.0
_ANSWER_LIMIT_SECONDS = 5.0
WAYS_OUT = (
    "Use the model that needs no download (--model builtin), a folder that holds a model (--model FOLDER), "
    "or a mirror (set HF_ENDPOINT to its address)."
)


def cached(repository: str, files: Sequence[str]) -> str | None:
    """The path of the first of these files that is in the hub's cache already; no network is asked."""
    client = _client()
    for file in files:
        path = client.try_to_load_from_cache(repository, file)
        if isinstance(path, str):  # not a marker of a file that is known not to be there
            return path
    return None


def size(repository: str, files: Sequence[str]) -> int | None:
    """Bytes of the first of these files that the hub has, or None where it can't be asked."""
    try:
        found = _ask(repository, files)
    except ModelDownloadError:
        return None
    return found[1]


def fetch(repository: str, files: Sequence[str], on_progress: Callable[[str], None] | None = None) -> str:
    """The path of the first of these files that there is, from the cache or else from the hub.

    Args:
        repository: ``ORGANISATION/NAME``.
        files: Alternatives, best first.
        on_progress: Told in words how far the download is, a few times a second at most.

    Raises:
        ModelDownloadError: The hub can't be reached (known within 10 s), or doesn't have it.
    """
    if path := cached(repository, files):
        return path
    file, _ = _ask(repository, files)
    from searchengine.encoders.progress import progress_bar

    client = _client()
    try:
        with _quiet():
            path = client.hf_hub_download(
                repository,
                file,
                etag_timeout=_ANSWER_SECONDS,
                tqdm_class=progress_bar(f"{repository}/{file}", on_progress),
            )
    except (
        Exception
    ) as error:  # whatever the client's HTTP library raises, and it has changed libraries before
        raise ModelDownloadError(
            f"The download of {file} from {repository} at {_endpoint()} broke off: {_in_a_line(error)}. "
            f"Run the command again. {WAYS_OUT}"
        ) from error
    return str(path)


def _ask(repository: str, files: Sequence[str]) -> tuple[str, int | None]:
    """Which of the files the hub has, and its size in bytes."""
    client = _client()
    from huggingface_hub import errors

    for file in files:
        url = client.hf_hub_url(repository, file)
        try:
            with _quiet():
                found = _within(
                    _ANSWER_LIMIT_SECONDS,
                    lambda url=url: client.get_hf_file_metadata(url, timeout=_ANSWER_SECONDS),  # type: ignore[misc]
                )
        except errors.EntryNotFoundError:
            continue
        except (errors.RepositoryNotFoundError, errors.GatedRepoError) as error:
            raise ModelDownloadError(
                f"{_endpoint()} has no {repository}, or it can't be had without a login. "
                f"Check the name, or set HF_TOKEN. {WAYS_OUT}"
            ) from error
        except errors.OfflineModeIsEnabled as error:
            raise ModelDownloadError(
                f"{file} of {repository} isn't in the hub's cache, and HF_HUB_OFFLINE forbids asking for it. "
                f"Unset HF_HUB_OFFLINE once to fetch it. {WAYS_OUT}"
            ) from error
        except Exception as error:  # as in `fetch`
            raise ModelDownloadError(
                f"{file} of {repository} can't be had: {_endpoint()} doesn't answer ({_in_a_line(error)}). "
                f"{WAYS_OUT} What was downloaded before works without a network."
            ) from error
        return file, found.size
    raise ModelDownloadError(f"{repository} at {_endpoint()} has no {' or '.join(files)}. {WAYS_OUT}")


def _client() -> Any:
    # Before the import. It also keeps the client from fetching lists that only feed its telemetry.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import huggingface_hub

    return huggingface_hub


def _endpoint() -> str:
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def _in_a_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the client's warnings (retries, no login) off standard error; what matters is in the exception."""
    import logging

    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises, or TimeoutError when it takes longer."""
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:  # noqa: BLE001 - raised again below, in the thread that asked
            errors.append(error)

    thread = threading.Thread(target=run, name="hub", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {seconds:.0f} s")
    return results[0]

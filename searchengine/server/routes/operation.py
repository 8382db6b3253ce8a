"""For whoever runs the server: is it well, what does it do; and signing in."""

# No `from __future__ import annotations`: FastAPI reads the annotations.
from http import HTTPStatus

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from searchengine.as_json import to_json
from searchengine.server.guard import COOKIE, is_token, session_value
from searchengine.server.schemas import Health, SignIn
from searchengine.server.service import Served

router = APIRouter(tags=["operation"])

_MONTH = 30 * 24 * 3600


@router.get("/healthz", response_model=Health, responses={503: {"model": Health, "description": "Not now"}})
def healthz(service: Served) -> Response:
    """Whether searches are answered; found out by searching, not by being here."""
    found = service.readiness if service.readiness == "starting" else service.probe()
    status = HTTPStatus.OK if found == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(to_json({"status": found}), status, media_type="application/json")


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(service: Served) -> Response:
    """Counters for Prometheus."""
    return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.post("/api/session", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
def sign_in(service: Served, given: SignIn) -> Response:
    """Exchange the token for a cookie that the browser shows from then on, and no script can read."""
    token = service.settings.token
    if token is not None and not is_token(given.token, token):
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "this isn't the token", {"WWW-Authenticate": "Bearer"})
    answer = Response(status_code=HTTPStatus.NO_CONTENT)
    if token is not None:
        answer.set_cookie(COOKIE, session_value(token), max_age=_MONTH, httponly=True, samesite="strict")
    return answer

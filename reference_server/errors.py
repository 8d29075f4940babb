"""Why a request is refused: one constructor for each row of the table (API Keys, Error Codes)."""

from collections.abc import Mapping
from http import HTTPStatus


class Refusal(Exception):
    """A request is answered with an error."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = int(status)
        self.message = message
        self.headers = headers or {}


def invalid(message: str) -> Refusal:
    """The body or a parameter does not conform; *message* says where."""
    return Refusal(HTTPStatus.BAD_REQUEST, message)


def unauthorized() -> Refusal:
    """No valid key was sent; says which scheme to use (RFC 9110, 15.5.2)."""
    return Refusal(HTTPStatus.UNAUTHORIZED, "Invalid API key", {"WWW-Authenticate": "Bearer"})


def not_found() -> Refusal:
    """The resource does not exist, or the key does not reach it: never said which."""
    return Refusal(HTTPStatus.NOT_FOUND, "Resource not found")


def limited(seconds: int) -> Refusal:
    """The window is used up; says in how many *seconds* it resets (RFC 6585, 4)."""
    headers = {"Retry-After": str(seconds)}
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "Rate limit exceeded", headers)


def internal() -> Refusal:
    """The server failed; what exactly is for its log."""
    return Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error")

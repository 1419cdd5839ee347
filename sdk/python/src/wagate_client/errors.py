"""Answers that are no success."""

from __future__ import annotations

from typing import Any

import httpx


class WagateError(Exception):
    """What the gateway refused. `code` is one of the codes of the OpenAPI document."""

    def __init__(self, status: int, code: str, message: str, details: dict[str, Any] | None = None):
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details or {}

    @classmethod
    def of(cls, answer: httpx.Response) -> WagateError:
        """Reads the envelope of an error. What is none, such as a proxy's page, becomes text."""
        try:
            error = answer.json()["error"]
            return cls(answer.status_code, error["code"], error["message"], error.get("details"))
        except (ValueError, KeyError, TypeError):
            return cls(answer.status_code, "HTTP_ERROR", answer.text[:1000])

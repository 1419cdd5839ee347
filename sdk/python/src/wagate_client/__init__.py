"""Client for a wagate gateway.

Typed calls, sends that happen once, events that resume, verified webhooks.
"""

from .client import Session, Wagate
from .errors import WagateError
from .events import Event
from .generated import models
from .webhooks import verify_webhook

__all__ = ["Event", "Session", "Wagate", "WagateError", "models", "verify_webhook"]

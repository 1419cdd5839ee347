"""Verifies deliveries with the library from PyPI: a line of JSON for each, answered by another."""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    given = json.loads(line)
    try:
        Webhook(given["secret"]).verify(given["body"], given["headers"])
        verified = True
    except WebhookVerificationError:
        verified = False
    print(json.dumps(verified), flush=True)

"""Answers "ping" with "pong". Usage: python3 bot.py [SESSION]"""
import json, os, sys, urllib.request

url = os.environ.get("WAGATE_URL", "http://127.0.0.1:8080")
session = f"{url}/api/v1/sessions/{sys.argv[1] if len(sys.argv) > 1 else 'my-bot'}"
key = os.environ.get("WAGATE_API_KEY")
headers = {"content-type": "application/json", **({"x-api-key": key} if key else {})}
stream = urllib.request.Request(f"{session}/events?events=message", headers=headers)
for line in urllib.request.urlopen(stream):
    if not line.startswith(b"data: "):
        continue
    event = json.loads(line[6:])
    if event["data"].get("body") == "ping":
        reply = {"chatId": event["data"]["from"], "content": "pong", "quotedMessageId": event["data"]["id"]}
        once = {**headers, "idempotency-key": event["id"]}
        urllib.request.urlopen(urllib.request.Request(f"{session}/send-text", json.dumps(reply).encode(), once))

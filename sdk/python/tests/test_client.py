"""The client against a real gateway on the simulated network. Run by `make test-sdk`."""

import base64
import http.server
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import httpx

from wagate_client import Wagate, WagateError, models, verify_webhook
from wagate_client.events import event_of
from wagate_client.generated.api.chats import list_chats

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("WAGATE_BINARY", str(ROOT / "target/debug/wagate"))
PHONE = "447700900079"
ADA = "15550000011"
PATIENCE = 20.0


def until(look, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"never came: {what}")


class Breaking(httpx.HTTPTransport):
    """Loses answers to POST requests that the gateway gave, and cuts streams after a frame."""

    def __init__(self):
        super().__init__()
        self.losses = 0
        self.cuts = 0

    def handle_request(self, request):
        answer = super().handle_request(request)
        if request.method == "POST" and 0 < self.losses:
            self.losses -= 1
            answer.read()
            raise httpx.ReadError("the connection is lost")
        if answer.headers.get("content-type", "").startswith("text/event-stream") and self.cuts:
            self.cuts -= 1
            answer.stream = Cut(answer.stream)
        return answer


class Cut(httpx.SyncByteStream):
    def __init__(self, whole):
        self.whole = whole

    def __iter__(self):
        for piece in self.whole:
            yield piece
            if b"data: " in piece:
                raise httpx.ReadError("the connection is cut")

    def close(self):
        self.whole.close()


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        arguments = ["serve", "--network", "simulated", "--engine", "simulated", "--port", "0"]
        cls.program = subprocess.Popen(
            [PROGRAM, *arguments, "--data", f"{cls.folder.name}/data"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "WAGATE_LIMITS__MESSAGING": "0", "WAGATE_LIMITS__GENERAL": "0"},
        )
        for line in cls.program.stdout:
            if found := re.search(r"is listening on (http:\S+)", line):
                cls.url = found.group(1)
                break
        threading.Thread(target=cls.program.stdout.read, daemon=True).start()
        cls.session = Wagate(cls.url).session("shop")
        assert cls.session.create() == "qr_ready"
        cls.phones("POST", f"accounts/{PHONE}/scan", {"code": cls.session.qr_text()})
        cls.session.ready()

    @classmethod
    def tearDownClass(cls):
        cls.session.gateway.close()
        cls.program.terminate()
        cls.program.wait(PATIENCE)
        cls.program.stdout.close()
        cls.folder.cleanup()

    @classmethod
    def phones(cls, method, path, body=None):
        answer = httpx.request(method, f"{cls.url}/_simulator/v1/{path}", json=body)
        answer.raise_for_status()
        return answer.json().get("data")

    def says(self, text):
        said = {"chat": f"{PHONE}@c.us", "text": text}
        self.phones("POST", f"accounts/{ADA}/messages", said)

    def seen_by_ada(self):
        path = f"accounts/{ADA}/chats/{PHONE}@c.us/messages"
        return [message["body"] for message in self.phones("GET", path)["messages"]]

    def test_a_session_that_is_there_is_no_error(self):
        self.assertEqual(self.session.create(), "ready")

    def test_a_refusal_has_its_code_and_fields(self):
        with self.assertRaises(WagateError) as refused:
            self.session.send_text("nobody", "Hello")
        self.assertEqual(refused.exception.status, 400)
        self.assertEqual(refused.exception.code, "INVALID_CHAT_ID")
        self.assertIn("chatId", refused.exception.details["fields"])
        stranger = Wagate(self.url, "wag_none").session("shop")
        for call in (stranger.status, lambda: next(stranger.events())):
            with self.assertRaises(WagateError) as refused:
                call()
            self.assertEqual(refused.exception.status, 401)

    def test_a_send_whose_answer_is_lost_is_sent_once(self):
        transport = Breaking()
        transport.losses = 2
        with Wagate(self.url, transport=transport) as frail:
            sent = frail.session("shop").send_text(f"{ADA}@c.us", "Only once")
        self.assertEqual(transport.losses, 0)
        self.assertTrue(sent.message_id.startswith("true_"))
        body = models.TextBody(chat_id=f"{ADA}@c.us", content="A typed one")
        first = self.session.send("send-text", body, once="order-1")
        again = self.session.send("send-text", body, once="order-1")
        self.assertEqual(first.message_id, again.message_id)
        until(lambda: "A typed one" in self.seen_by_ada(), "the last message")
        for text in ("Only once", "A typed one"):
            self.assertEqual(self.seen_by_ada().count(text), 1, text)

    def test_a_stream_that_is_cut_goes_on_where_it_was(self):
        texts = [f"in the stream {number}" for number in range(4)]
        for text in texts:
            self.says(text)
        transport = Breaking()
        transport.cuts = 3
        seen = []
        with Wagate(self.url, transport=transport) as frail:
            for event in frail.session("shop").events(["message"], since=0):
                self.assertIsInstance(event, models.MessageEvent)
                if event.data.body.startswith("in the stream"):
                    seen.append(event.data.body)
                if len(seen) == len(texts):
                    break
        self.assertEqual(seen, texts)
        self.assertEqual(transport.cuts, 0)

    def test_every_endpoint_is_there(self):
        chats = list_chats.sync("shop", client=self.session.gateway.client)
        self.assertIsInstance(chats.data, list)

    def test_an_event_that_is_newer_than_the_client_is_what_came(self):
        self.assertEqual(event_of({"event": "moon_landing"}), {"event": "moon_landing"})
        self.assertEqual(event_of({"event": "message"}), {"event": "message"})

    def test_a_webhook_is_verified_and_what_is_forged_is_not(self):
        taken = []

        class Hook(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                taken.append((dict(self.headers), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        hook = {"url": f"http://127.0.0.1:{server.server_port}/", "events": ["message"]}
        path = f"{self.session.path}/webhooks"
        secret = self.session.gateway.call("POST", path, hook)["secret"]
        self.says("by webhook")
        mine = [each for each in until(lambda: taken, "a delivery")]
        headers, body = mine[0]
        event = verify_webhook(secret, headers, body)
        self.assertIsInstance(event, models.MessageEvent)
        other = "whsec_" + base64.b64encode(b"another secret, 24 long.").decode()
        forged = [
            (secret, headers, body.replace(b"message", b"massage"), None),
            (other, headers, body, None),
            (secret, {}, body, None),
            (secret, headers, body, time.time() + 3600),
            (secret, {**headers, "webhook-timestamp": "soon"}, body, None),
        ]
        for attempt in forged:
            with self.assertRaises(ValueError):
                verify_webhook(*attempt)

    def test_the_example_answers(self):
        example = pathlib.Path(__file__).resolve().parents[1] / "examples/bot.py"
        arguments = [sys.executable, example, "shop", f"{self.folder.name}/position"]
        environment = {**os.environ, "WAGATE_URL": self.url}
        with subprocess.Popen(arguments, env=environment) as bot:
            self.addCleanup(bot.kill)

            def answered():
                self.assertIsNone(bot.poll())
                self.says("ping")
                time.sleep(0.3)
                return "pong" in self.seen_by_ada()

            until(answered, "an answer")
            bot.terminate()


if __name__ == "__main__":
    unittest.main()

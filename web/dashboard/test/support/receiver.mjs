// A receiver of webhooks that answers as a test wishes, and keeps what it got.
import { createServer } from "node:http";

export async function startReceiver() {
  const got = [];
  const receiver = { got, status: 200, body: "" };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      got.push({ path: request.url, headers: request.headers, body, event: JSON.parse(body) });
      const { status, body: words } = receiver.answer?.(request.url) ?? receiver;
      response.writeHead(status).end(words);
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  receiver.address = `http://127.0.0.1:${server.address().port}`;
  receiver.stop = () => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  };
  return receiver;
}

// A page of another origin with the widget on it, and the workspace of those who answer there.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { startGateway } from "../../dashboard/test/support/gateway.mjs";

/** A gateway with an active bot. `ask` speaks as its owner. */
export async function startWorkspace(draft) {
  const gateway = await startGateway({
    environment: {
      WAGATE_LIMITS__WORKSPACE: "0", WAGATE_LIMITS__ASSISTANT: "0", WAGATE_LIMITS__SIGN_IN: "0",
    },
  });
  const owner = { email: "ada@example.com", password: "correct horse 7", name: "Ada Lovelace" };
  const { token } = await gateway.ask("POST", "/api/v1/auth/register", owner);
  const ask = async (method, path, body) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const answer = await fetch(`${gateway.address}/api/v1${path}`, {
      method, headers, body: JSON.stringify(body),
    });
    const data = await answer.json();
    assert.ok(answer.ok, JSON.stringify(data));
    return data;
  };
  const bot = await ask("POST", "/bots", draft);
  await ask("POST", `/bots/${bot.id}/activate`, {});
  return { gateway, ask, bot, stop: gateway.stop };
}

/** A site whose page has the widget of a bot. Headers of its own can be given. */
export async function startSite(gateway, bot, { attributes = "", headers = {} } = {}) {
  const page = `<!doctype html><html lang="en"><head><title>A shop</title></head><body>
    <h1>A shop</h1><p>Buy things.</p>
    <script src="${gateway.address}/widget.js" data-bot="${bot.public_token}" ${attributes} async>
    </script></body></html>`;
  const server = createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/html; charset=utf-8", ...headers });
    answer.end(page);
  });
  await new Promise((next) => server.listen(0, "127.0.0.1", next));
  const { port } = server.address();
  // Another site to the browser than 127.0.0.1, where the gateway is.
  const address = `http://localhost:${port}`;
  return { address, stop: () => new Promise((next) => server.close(next)) };
}

// Answers "ping" with "pong", each message once, also after the connection or the bot was gone.
// Usage: node examples/bot.mjs SESSION [FILE]
import { readFileSync, writeFileSync } from "node:fs";

import { Wagate } from "wagate-client";

const [name = "my-bot", file = "position.txt"] = process.argv.slice(2);
const { WAGATE_URL: url, WAGATE_API_KEY: key } = process.env;
const gateway = new Wagate({ ...(url && { url }), ...(key && { key }) });
const session = gateway.session(name);

function position() {
  try {
    return { since: Number(readFileSync(file, "utf8")) };
  } catch {
    return {};
  }
}

for await (const { id, seq, data } of session.events({ events: ["message"], ...position() })) {
  if (data.body === "ping") {
    await session.sendText(data.from, "pong", { once: id, quotedMessageId: data.id });
  }
  writeFileSync(file, String(seq));
}

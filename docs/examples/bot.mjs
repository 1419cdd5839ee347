// Answers "ping" with "pong". Usage: node bot.mjs [SESSION]
const { WAGATE_URL = "http://127.0.0.1:8080", WAGATE_API_KEY } = process.env;
const session = `${WAGATE_URL}/api/v1/sessions/${process.argv[2] ?? "my-bot"}`;
const headers = { "content-type": "application/json", ...(WAGATE_API_KEY && { "x-api-key": WAGATE_API_KEY }) };
const stream = await fetch(`${session}/events?events=message`, { headers });
if (!stream.ok) throw new Error(await stream.text());
let rest = "";
for await (const piece of stream.body.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + piece).split("\n");
  rest = lines.pop();
  for (const line of lines.filter((text) => text.startsWith("data: "))) {
    const { id, data } = JSON.parse(line.slice(6));
    if (data.body !== "ping") continue;
    const body = JSON.stringify({ chatId: data.from, content: "pong", quotedMessageId: data.id });
    await fetch(`${session}/send-text`, { method: "POST", headers: { ...headers, "idempotency-key": id }, body });
  }
}

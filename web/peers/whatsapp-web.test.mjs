// The unmodified npm package whatsapp-web.js on the simulated page.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import library from "whatsapp-web.js";
import { CHROMIUM, ECHO, Gateway, IMAGE, PHONE, until, within } from "./gateway.mjs";

const { Client, LocalAuth, MessageMedia } = library;
const START_DEADLINE = 60_000;
const UP_TO_READ = [1, 2, 3];

describe("whatsapp-web.js", () => {
  let gateway, client, initialized;
  const codes = [];
  const states = [];
  const received = [];
  const acks = [];

  before(async () => {
    gateway = await Gateway.start();
    client = new Client({
      authStrategy: new LocalAuth({ dataPath: join(gateway.folder, "logins") }),
      // Any other choice would show a stored copy of the real page instead.
      webVersionCache: { type: "none" },
      puppeteer: { executablePath: CHROMIUM, headless: true, args: gateway.browserArguments() },
    });
    client.on("qr", (code) => codes.push(code));
    client.on("message", (message) => received.push(message));
    client.on("message_ack", (message, ack) => acks.push({ id: message.id._serialized, ack }));
    for (const name of ["authenticated", "ready"]) client.on(name, () => states.push(name));
    client.on("disconnected", (reason) => states.push(`disconnected: ${reason}`));
    initialized = client.initialize();
    initialized.catch((error) => states.push(`failed: ${error}`));
  });
  after(async () => {
    await client?.destroy();
    await gateway?.stop();
  });

  test("a phone links it by its QR code", async () => {
    const code = await until(() => codes.at(-1), "a QR code", START_DEADLINE);
    assert.match(code, /^2@[^,]+,[^,]+,[^,]+,[^,]+/);
    await within(initialized, "the start");
    await gateway.scan(code);
    await until(() => states.includes("ready"), "a ready client");
    assert.ok(states.includes("authenticated"));
    assert.equal(await client.pupPage.title(), "Simulated WhatsApp Web");
    assert.equal(client.info.wid._serialized, `${PHONE}@c.us`);
    assert.equal(await client.getState(), "CONNECTED");
  });

  let sent;
  test("a text goes out, and comes back from the contact that echoes", async () => {
    const text = "hello from whatsapp-web.js";
    sent = await client.sendMessage(ECHO, text);
    assert.equal((await gateway.arrivedAtEcho(`${PHONE}@c.us`, text)).kind, "text");
    const echo = await until(() => received.find((each) => each.body === text), "the echo");
    assert.equal(echo.from, ECHO);
    assert.equal(echo.fromMe, false);
  });

  test("its receipts rise up to read", async () => {
    const id = sent.id._serialized;
    const levels = () => acks.filter((each) => each.id === id).map((each) => each.ack);
    await until(() => levels().includes(UP_TO_READ.at(-1)), "a read receipt");
    assert.deepEqual(levels(), UP_TO_READ);
    assert.equal((await client.getMessageById(id)).ack, UP_TO_READ.at(-1));
  });

  test("an image goes out, and the one that comes in is downloaded", async () => {
    const image = new MessageMedia("image/png", IMAGE, "red.png");
    await client.sendMessage(ECHO, image, { caption: "red" });
    assert.equal((await gateway.arrivedAtEcho(`${PHONE}@c.us`, "red")).kind, "image");
    const echo = await until(() => received.find((each) => each.type === "image"), "the echo");
    assert.equal(echo.body, "red");
    const media = await echo.downloadMedia();
    assert.equal(media.mimetype, "image/png");
    assert.equal(media.data, IMAGE);
  });

  test("a group is made and written to", async () => {
    const made = await client.createGroup("Peers", [ECHO]);
    const group = made.gid?._serialized;
    assert.match(String(group), /@g\.us$/, JSON.stringify(made));
    assert.equal(made.participants[ECHO].statusCode, 200);
    const message = await client.sendMessage(group, "hello, group");
    assert.equal(message.to, group);
    await gateway.arrivedAtEcho(group, "hello, group");
  });

  test("it logs out", async () => {
    assert.equal((await gateway.devices()).length, 1);
    codes.length = 0;
    await client.logout().catch((error) => assert.match(String(error), /context was destroyed/i));
    await until(() => states.includes("disconnected: LOGOUT"), "the news of it");
    assert.deepEqual(await gateway.devices(), []);
    await until(() => codes.at(-1), "a fresh QR code");
  });
});

// The unmodified npm package @wppconnect-team/wppconnect on the simulated page.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import jsqr from "jsqr";
import { PNG } from "pngjs";
import wppconnect from "@wppconnect-team/wppconnect";
import { CHROMIUM, ECHO, Gateway, IMAGE, PHONE, until, within } from "./gateway.mjs";

const START_DEADLINE = 60_000;
const IMAGE_URL = `data:image/png;base64,${IMAGE}`;
const UP_TO_READ = [1, 2, 3];

describe("@wppconnect-team/wppconnect", () => {
  let gateway, client, starting;
  const codes = [];
  const states = [];
  const received = [];
  const acks = [];

  before(async () => {
    gateway = await Gateway.start();
    wppconnect.defaultLogger.level = process.env.VERBOSE ? "silly" : "error";
    starting = wppconnect.create({
      session: "peer",
      headless: true,
      autoClose: START_DEADLINE,
      useChrome: false,
      logQR: false,
      disableWelcome: true,
      // These three would go elsewhere: to npm, to a stored copy of the real page, to the disk.
      updatesLog: false,
      whatsappVersion: "",
      folderNameToken: join(gateway.folder, "tokens"),
      disableGoogleAnalytics: true,
      puppeteerOptions: { executablePath: CHROMIUM, userDataDir: join(gateway.folder, "profile") },
      browserArgs: gateway.browserArguments(),
      catchQR: (image, _ascii, _attempt, code) => codes.push({ image, code }),
      statusFind: (state) => states.push(state),
    });
    starting.catch((error) => states.push(`failed: ${error}`));
  });
  after(async () => {
    // It closes its browser by itself when nobody scans the code: that is waited for.
    client ??= await starting?.catch(() => undefined);
    await client?.close();
    await gateway?.stop();
  });

  test("a phone links it by its QR code", async () => {
    const { image, code } = await until(() => codes.at(-1), "a QR code", START_DEADLINE);
    const { width, height, data } = PNG.sync.read(Buffer.from(image.split(",")[1], "base64"));
    assert.equal(jsqr.default(new Uint8ClampedArray(data), width, height)?.data, code);
    assert.match(code, /^2@[^,]+,[^,]+,[^,]+,[^,]+/);
    await gateway.scan(code);
    client = await within(starting, "the login", START_DEADLINE);
    assert.equal(await client.page.title(), "Simulated WhatsApp Web");
    for (const state of ["qrReadSuccess", "inChat"]) assert.ok(states.includes(state), state);
    assert.equal(await client.getWid(), `${PHONE}@c.us`);
    client.onMessage((message) => received.push(message));
    client.onAck((ack) => acks.push(ack));
  });

  let sent;
  test("a text goes out, and comes back from the contact that echoes", async () => {
    const text = "hello from wppconnect";
    sent = await client.sendText(ECHO, text);
    assert.equal((await gateway.arrivedAtEcho(`${PHONE}@c.us`, text)).kind, "text");
    const echo = await until(() => received.find((each) => each.body === text), "the echo");
    assert.equal(echo.from, ECHO);
    assert.equal(echo.fromMe, false);
  });

  test("its receipts rise up to read", async () => {
    const levels = () => acks.filter((ack) => ack.id._serialized === sent.id).map((ack) => ack.ack);
    await until(() => levels().includes(UP_TO_READ.at(-1)), "a read receipt");
    assert.deepEqual(levels(), UP_TO_READ);
    assert.equal((await client.getMessageById(sent.id)).ack, UP_TO_READ.at(-1));
  });

  test("an image goes out, and the one that comes in is downloaded", async () => {
    await client.sendFile(ECHO, IMAGE_URL, { type: "image", filename: "red.png", caption: "red" });
    assert.equal((await gateway.arrivedAtEcho(`${PHONE}@c.us`, "red")).kind, "image");
    const echo = await until(() => received.find((each) => each.type === "image"), "the echo");
    assert.equal(echo.caption, "red");
    assert.equal(await client.downloadMedia(echo.id), IMAGE_URL);
  });

  test("a group is made and written to", async () => {
    const made = await client.createGroup("Peers", [ECHO]);
    const group = made.gid._serialized;
    assert.match(group, /@g\.us$/);
    const message = await client.sendText(group, "hello, group");
    assert.match(message.id, new RegExp(`^true_${group}_`));
    await gateway.arrivedAtEcho(group, "hello, group");
  });

  test("it logs out", async () => {
    assert.equal((await gateway.devices()).length, 1);
    codes.length = 0;
    const navigated = client.page.waitForNavigation();
    await client.logout().catch((error) => assert.match(String(error), /context was destroyed/i));
    await within(navigated, "the page's navigation");
    assert.deepEqual(await gateway.devices(), []);
    await until(() => codes.at(-1), "a fresh QR code");
  });
});

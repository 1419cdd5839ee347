// The way in, the way around, and what the page tells the browser about itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { jumps, launch, open } from "./support/browser.mjs";
import { link, makeFolder, startGateway } from "./support/gateway.mjs";

/** Bytes as they travel: the first page with its charts, which come after the rest. */
const MOST_AT_FIRST = 82 * 1024;
/** Milliseconds: what counts as good, on any machine that tests run on. */
const MOST_UNTIL_PAINTED = 2_500;

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

describe("the files", () => {
  let gateway;
  before(async () => (gateway = await startGateway()));
  after(() => gateway?.stop());

  const get = (path, headers) => fetch(gateway.address + path, { headers });

  test("the first load is small, and compressed", async () => {
    const { page, close } = await open(browser, gateway);
    await page.locator(".u-over").first().waitFor();
    const sizes = await page.evaluate(() => performance.getEntriesByType("resource")
      .filter((each) => each.name.includes("/assets/"))
      .map(({ name, encodedBodySize, decodedBodySize }) =>
        ({ name, encodedBodySize, decodedBodySize })));
    const scripts = sizes.filter((each) => /\.(js|css)$/.test(each.name));
    assert.ok(1 < scripts.length);
    for (const { name, encodedBodySize, decodedBodySize } of scripts) {
      assert.ok(encodedBodySize < decodedBodySize || decodedBodySize < 300, name);
    }
    const whole = scripts.reduce((sum, each) => sum + each.encodedBodySize, 0);
    console.log(`the first load: ${whole} bytes of scripts and styles`);
    const paint = await page.evaluate(() => new Promise((resolve) => {
      const tell = (list) => resolve(list.getEntries().at(-1).startTime);
      const observer = new PerformanceObserver(tell);
      observer.observe({ type: "largest-contentful-paint", buffered: true });
    }));
    const { value } = await jumps(page);
    console.log(`largest paint after ${Math.round(paint)} ms, layout shift ${value.toFixed(3)}`);
    assert.ok(paint < MOST_UNTIL_PAINTED, `${paint} ms`);
    assert.ok(whole <= MOST_AT_FIRST, `${whole} bytes`);
    await close();
  });

  test("the page is asked for anew each time, its files never again", async () => {
    const page = await get("/", { accept: "text/html" });
    assert.equal(page.headers.get("cache-control"), "no-cache");
    const tag = page.headers.get("etag");
    assert.equal((await get("/", { "if-none-match": tag })).status, 304);
    assert.equal((await get("/", { "if-none-match": '"other"' })).status, 200);
    const [asset] = (await page.text()).match(/assets\/[^"]+\.js/);
    const file = await get(`/${asset}`);
    assert.match(file.headers.get("cache-control"), /immutable/);
    assert.match(file.headers.get("content-type"), /^text\/javascript/);
    assert.equal(file.headers.get("x-content-type-options"), "nosniff");
  });

  test("each encoding holds the same", async () => {
    const built = readFileSync("dist/index.html", "utf8");
    for (const encoding of ["br", "gzip", "identity"]) {
      const answer = await get("/", { "accept-encoding": encoding });
      assert.equal(answer.headers.get("content-encoding") ?? "identity", encoding);
      assert.equal(await answer.text(), built);
    }
  });

  test("the policy allows our own scripts and nothing inline", async () => {
    const policy = (await get("/")).headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    for (const directive of ["base-uri", "form-action", "frame-ancestors"]) {
      assert.match(policy, new RegExp(`${directive} 'none'`));
    }
  });

  test("programs that ask for JSON, and files that are not there, get an error", async () => {
    const paths = ["/assets/none.js", "/assets/..%2findex.html", "/assets/x.js.br", "/none"];
    const asked = [["/", "application/json"], ...paths.map((path) => [path, "*/*"])];
    for (const [path, accept] of asked) {
      const answer = await get(path, { accept });
      assert.equal(answer.status, 404, path);
      assert.equal((await answer.json()).error.code, "NOT_FOUND", path);
    }
  });
});

describe("a caller on the gateway's machine", () => {
  let gateway;
  before(async () => (gateway = await startGateway()));
  after(() => gateway?.stop());

  test("comes in without a key, and goes from page to page", async () => {
    const { page, close } = await open(browser, gateway);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const navigation = page.getByRole("navigation", { name: "Main" });
    for (const name of ["Sessions", "Settings", "Overview"]) {
      await navigation.getByRole("link", { name }).click();
      await page.getByRole("heading", { level: 1, name }).waitFor();
      assert.equal(await navigation.locator("[aria-current=page]").innerText(), name);
      assert.match(await page.title(), new RegExp(`^${name}`));
    }
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
    await close();
  });

  test("reaches the content with the first key that is pressed", async () => {
    const { page, close } = await open(browser, gateway, { hash: "#/settings" });
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.locator(":focus").innerText(), "Skip to the content");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "MAIN");
    assert.equal(new URL(page.url()).hash, "#/settings");
    await close();
  });
});

describe("a gateway that asks for a key", () => {
  let gateway;
  before(async () => (gateway = await startGateway({ withKey: true })));
  after(() => gateway?.stop());

  test("lets in who has one, for as long as the tab is there", async () => {
    const { page, context, close } = await open(browser, gateway, { hash: "#/sessions" });
    const addresses = [];
    page.on("request", (request) => addresses.push(request.url()));
    await page.getByLabel("API key").fill("wag_wrong");
    await page.keyboard.press("Enter");
    await page.getByText("does not accept this key").waitFor();
    await page.getByLabel("API key").fill(gateway.key);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Sessions" }).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Sessions" }).waitFor();
    const other = await context.newPage();
    await other.goto(gateway.address);
    await other.getByLabel("API key").waitFor();
    assert.ok(addresses.length > 3 && addresses.every((each) => !each.includes(gateway.key)));
    assert.deepEqual(await context.cookies(), []);
    await close();
  });
});

describe("a gateway that goes away", () => {
  test("draws its charts once they can be fetched", async (context) => {
    const gateway = await startGateway();
    context.after(() => gateway.stop());
    const { page, close } = await open(browser, gateway, { hash: "#/sessions" });
    let refused = 0;
    await page.route("**/assets/chart-*", (route) => {
      refused += 1;
      return refused === 1 ? route.abort() : route.continue();
    });
    await page.goto(`${gateway.address}/#/`);
    await page.locator(".uplot").first().waitFor();
    assert.ok(1 < refused);
    const over = page.locator(".u-over").first();
    assert.equal(await over.evaluate((it) => getComputedStyle(it).position), "absolute");
    await close();
  });

  test("is seen to, and found again", async (context) => {
    const folder = makeFolder();
    const first = await startGateway({ folder });
    let second;
    context.after(async () => {
      await Promise.all([first.stop(), second?.stop()]);
      folder.remove();
    });
    await link(first, "shop", "15551234567");
    const viewport = { width: 360, height: 800 };
    const { page, close } = await open(browser, first, { hash: "#/sessions", viewport });
    await page.getByText("Live", { exact: true }).waitFor();
    const brand = page.locator(".brand");
    const { height } = await brand.boundingBox();
    await first.stop();
    await page.getByText("Connection lost").waitFor();
    assert.equal((await brand.boundingBox()).height, height, "the name has room beside the state");
    const note = await page.locator(".note").boundingBox();
    const list = await page.locator(".card").first().boundingBox();
    assert.ok(note.y + note.height < list.y, "the failure and the list are apart");
    second = await startGateway({ folder, port: first.port });
    await page.getByText("Live", { exact: true }).waitFor();
    await close();
  });
});

// How smoothly long lists scroll: a list of 100,000 conversations and a chat of 100,000 messages.
//
// The page and all else come from a real gateway; these two lists are answered in its place, since
// the simulated network would take half an hour to write them. Printed are the times between frames
// while one scrolls by a wheel's steps, the rows that were in the page, and the memory after.
import { fileURLToPath } from "node:url";
import { launch, open } from "../test/support/browser.mjs";
import { conversationWith, ECHO_NUMBER, send } from "../test/support/chats.mjs";
import { link, startGateway } from "../test/support/gateway.mjs";

const CONVERSATIONS = 100_000;
const MESSAGES = 100_000;
const FIRST_ID = 1_000_000_001;
/** Eight seconds at sixty frames a second. */
const FRAMES = 480;
const STEP = 60;

const words = "the lamps are in the window and the harbour lies behind the old tree".split(" ");
const text = (number) => `${number}: ${words.slice(0, 2 + (number * 7) % words.length).join(" ")}`
  .repeat(1 + (number % 11 === 0 ? 3 : 0));

/** Answers the two lists as a gateway with that many would. */
async function answerLists(page, like) {
  const { conversation, message } = like;
  await page.route("**/api/v1/chat/conversations?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [size, number] = [Number(query.get("per_page")), Number(query.get("page"))];
    const first = size * (number - 1);
    const data = Array.from({ length: size }, (_, at) => oneOf(conversation, first + at));
    return route.fulfill({ json: { success: true, data: { data, total: CONVERSATIONS } } });
  });
  await page.route("**/api/v1/chat/conversations/*/messages?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    const limit = Number(query.get("limit"));
    const end = FIRST_ID + MESSAGES;
    const after = query.get("after_id") === null ? null : Number(query.get("after_id"));
    const before = Number(query.get("before_id") ?? end);
    const from = after === null ? Math.max(FIRST_ID, before - limit) : after + 1;
    const to = after === null ? before : Math.min(end, from + limit);
    const length = Math.max(0, to - from);
    const messages = Array.from({ length }, (_, at) => line(message, from + at));
    const hasMore = after === null ? FIRST_ID < from : to < end;
    return route.fulfill({ json: { success: true, data: { messages, has_more: hasMore } } });
  });
}

/**
 * Scrolls a step at each of so many frames. The times between frames are milliseconds; `drawn`
 * counts the rows that came into the page.
 */
function scroll(page, selector, step, count) {
  return page.evaluate(async ([where, by, most]) => {
    const element = document.querySelector(where);
    const frames = [];
    let [rows, way, drawn] = [0, 0, 0];
    const observer = new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        drawn += [...addedNodes].filter((node) => node.nodeName === "LI").length;
      }
    });
    observer.observe(element, { childList: true, subtree: true });
    await new Promise((resolve) => {
      let last = performance.now();
      const next = (now) => {
        frames.push(now - last);
        last = now;
        const from = element.scrollTop;
        element.scrollTop += by;
        way += Math.abs(element.scrollTop - from);
        rows = Math.max(rows, element.querySelectorAll("li").length);
        if (frames.length <= most) requestAnimationFrame(next);
        else resolve();
      };
      requestAnimationFrame(next);
    });
    observer.disconnect();
    return { frames: frames.slice(1), rows, way, drawn };
  }, [selector, step, count]);
}

function oneOf(like, at) {
  const id = at === 0 ? like.id : `00000000-0000-5000-8000-${String(at).padStart(12, "0")}`;
  const time = new Date(Date.now() - at * 60_000).toISOString();
  return {
    ...like, id, chat_id: `${15_560_000_000 + at}@c.us`, display_name: `Person number ${at}`,
    last_message: text(at), last_message_at: time, unread_count: at % 13 === 0 ? at % 7 : 0,
  };
}

function line(like, id) {
  const number = id - FIRST_ID;
  const isOwn = number % 3 === 0;
  return {
    ...like, id, uuid: `m${id}`, whatsapp_id: `w${id}`, is_from_me: isOwn,
    message_body: text(number), formatted_body: text(number),
    created_at: new Date(Date.now() - (MESSAGES - number) * 240_000).toISOString(),
    grouped_reactions: number % 17 === 0 ? [{ emoji: "👍", count: 2, has_my_reaction: false }] : [],
    is_edited: number % 29 === 0,
  };
}

function print(name, { frames, rows, way }) {
  const sorted = [...frames].sort((one, other) => one - other);
  const at = (share) => sorted[Math.floor(share * (sorted.length - 1))].toFixed(1);
  const late = frames.filter((each) => 34 < each).length;
  console.log(`${name}: ${frames.length} frames over ${Math.round(way)} px, median ${at(0.5)} ms, `
    + `95 % ${at(0.95)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms, ${late} over 34 ms; `
    + `at most ${rows} rows in the page`);
}

/**
 * Scrolls both lists for so many frames at each speed, and prints how that went. Gives what each
 * took: the times between frames, the rows in the page and those that came into it, and how often
 * the page was laid out for a frame.
 */
export async function measure(count = FRAMES) {
  const measured = [];
  const [browser, gateway] = await Promise.all([launch(), startGateway()]);
  await link(gateway, "shop", "15551234567");
  const { message } = await send(gateway, ECHO_NUMBER, "Hello");
  const conversation = await conversationWith(gateway, ECHO_NUMBER);
  const { page, context, close } = await open(browser, gateway);
  await answerLists(page, { conversation, message });
  await page.goto(`${gateway.address}/#/chat`);
  await page.getByRole("link", { name: /Person number 0/ }).waitFor();
  const session = await context.newCDPSession(page);
  // Time on the processor, so that what else runs on the machine does not count.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const metrics = async () => {
    const { metrics: all } = await session.send("Performance.getMetrics");
    return Object.fromEntries(all.map(({ name, value }) => [name, value]));
  };
  /** Scrolls, and prints what the page itself had to do for each frame. */
  const run = async (name, where, step) => {
    const before = await metrics();
    const found = await scroll(page, where, step, count);
    const now = await metrics();
    print(name, found);
    const [script, style, layout] = ["ScriptDuration", "RecalcStyleDuration", "LayoutDuration"]
      .map((key) => (now[key] - before[key]) * 1000 / found.frames.length);
    console.log(`  for each frame: script ${script.toFixed(1)} ms, style ${style.toFixed(1)} ms, `
      + `layout ${layout.toFixed(1)} ms`);
    const layouts = (now.LayoutCount - before.LayoutCount) / found.frames.length;
    console.log(`  laid out ${layouts.toFixed(1)} times for each frame, `
      + `${found.drawn} rows came in`);
    measured.push({ name, ...found, layouts });
  };
  const list = ".list .scroller";
  await run("100,000 conversations, downwards", list, STEP);
  await run("100,000 conversations, five times as fast", list, 5 * STEP);
  await page.goto(`${gateway.address}/#/chat?with=${conversation.id}`);
  await page.locator(".scroller.placed").waitFor();
  const memory = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    return `${(usedSize / 1024 / 1024).toFixed(1)} MiB`;
  };
  const before = await memory();
  const chat = ".scroller.placed";
  await run("100,000 messages, upwards", chat, -STEP);
  await run("100,000 messages, five times as fast", chat, -5 * STEP);
  await run("and downwards again", chat, STEP);
  console.log(`memory of the page's script: ${before} before, ${await memory()} after`);
  await close();
  await Promise.all([browser.close(), gateway.stop()]);
  return measured;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await measure();

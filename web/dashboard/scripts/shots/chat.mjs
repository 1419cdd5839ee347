// The views of the chat, and the conversations that are in them.
import { ADA, conversationWith, openAccount, PHONE, SILENT, send, writeFrom }
  from "../../test/support/chats.mjs";
import { png, wav } from "../../test/support/files.mjs";
import { until } from "../../test/support/gateway.mjs";

const WORKSHOP = "15550000108";
/** Customers, with their first messages. */
export const PEOPLE = [
  ["15550000101", "Jonas Weber", "The invoice for March is still open, isn't it?"],
  ["15550000102", "Yuki Tanaka", "ありがとうございます！明日また連絡します。"],
  ["15550000103", "Bakery Sonntag", "Your order is ready. We are here until 6 pm."],
  ["15550000104", "Leïla Benali", "Could you send me the address once more?"],
  ["15550000105", "مريم حداد", "شكراً، وصلت الطلبية اليوم"],
  ["15550000106", "Tomás Oliveira", "Perfect, see you on Thursday 👍"],
  ["15550000107", "Priya Raman", "Is the blue one still there?"],
  [WORKSHOP, "Workshop Krüger", "The bicycle can be picked up from tomorrow on."],
];

/** Fills a gateway with conversations. */
export async function fillChats(gateway) {
  for (const [phone, name, text] of PEOPLE) {
    await openAccount(gateway, phone, name);
    await writeFrom(gateway, phone, text);
  }
  // Times of messages are whole seconds, and chats of one second have no order by time.
  const second = () => Math.floor(Date.now() / 1_000);
  const begun = second();
  await until("the next second", () => begun < second());
  await fillContent(gateway);
  const group = await gateway.ask("POST", "/api/v1/sessions/shop/groups", {
    name: "Market on Saturday", participants: [`${ADA}@c.us`, "15550000012@c.us"],
  });
  await send(gateway, group.data.gid, `@${ADA} brings the tables, I bring the lights.`);
  await writeToGroup(gateway, group.data.gid);
  await send(gateway, SILENT, "Hello! We have moved: you find us at the harbour now.");
  await writeFrom(gateway, ADA, "Good morning! Are the lamps still to be had?");
  await writeFrom(gateway, ADA, "I saw them in your window yesterday.");
  const yes = await send(gateway, ADA, "Good morning, Ada. Yes, three of them, all alike.");
  await send(gateway, ADA, "I'll send you a picture in a moment.");
  await sendPicture(gateway);
  await writeFrom(gateway, ADA, "Lovely. This is where they would hang:", {
    bytes: png(480, 360, [214, 196, 168], [122, 96, 74]), mime: "image/png", filename: "room.png",
  });
  const asked = await writeFrom(gateway, ADA, "How high are they?");
  await until("the question", async () => (await newest(gateway, ADA)).includes("How high"));
  const question = await found(gateway, ADA, asked);
  await gateway.ask("POST", `/api/v1/chat/messages/${question.uuid}/reaction`, { emoji: "👍" });
  const high = await send(gateway, ADA, "34 cm, without the cord.", { reply_to: question.uuid });
  await gateway.ask("PATCH", `/api/v1/chat/messages/${high.message.uuid}`, {
    message: "36 cm, without the cord.",
  });
  await writeFrom(gateway, ADA, "", { bytes: wav(7), mime: "audio/wav", filename: "note.wav" });
  await writeFrom(gateway, ADA, "", {
    bytes: Buffer.from("a plan"), mime: "application/pdf", filename: "Plan of the ground floor.pdf",
  });
  const wrong = await send(gateway, ADA, "That was for somebody else");
  await gateway.ask("DELETE", `/api/v1/chat/messages/${wrong.message.uuid}`);
  await send(gateway, ADA, "Shall I put them aside for you until Friday? Then you can look at them "
    + "in peace, and take the two that fit best.");
  const theirs = yes.message.whatsapp_id.replace("true_", "false_").replace(ADA, PHONE);
  await gateway.ask("POST", `/_simulator/v1/accounts/${ADA}/reactions`, {
    message: theirs, emoji: "❤️",
  });
  const { data } = await gateway.ask("POST", "/api/v1/tags", { name: "Lamps", color: "#d9772b" });
  const ada = await conversationWith(gateway, ADA);
  await gateway.ask("PUT", `/api/v1/conversations/${ada.id}/tags`, { tag_ids: [data.tag.id] });
  await gateway.ask("POST", `/api/v1/chat/conversations/${ada.id}/mark-read`);
}

/** A place, a contact card and a poll with votes. */
async function fillContent(gateway) {
  const succeed = async (path, body) => {
    const answer = await gateway.ask("POST", path, body);
    if (!answer.success) throw new Error(JSON.stringify(answer));
    return answer.data;
  };
  const account = `/_simulator/v1/accounts/${WORKSHOP}`;
  const chat = `${PHONE}@c.us`;
  const location = {
    latitude: 53.54123, longitude: 9.98452, name: "Workshop Krüger", address: "Am Kai 7, Hamburg",
  };
  await succeed(`${account}/messages`, { chat, location });
  const contacts = [{ name: "Grace Hopper", phone: "15550000012", organization: "Harbour office" }];
  await succeed(`${account}/messages`, { chat, contacts });
  const { messageId: message } = await succeed("/api/v1/sessions/shop/send-poll", {
    chatId: `${WORKSHOP}@c.us`, question: "When may we come?",
    options: ["Monday at nine", "Tuesday at noon", "Another day"],
  });
  const vote = { message, options: ["Tuesday at noon"] };
  await until("a vote", async () => (await gateway.ask("POST", `${account}/votes`, vote)).success);
}

async function writeToGroup(gateway, chat) {
  for (const [phone, text] of [
    [ADA, "Gladly. Eight o'clock?"], ["15550000012", "Half past seven is better."],
  ]) {
    const path = `/_simulator/v1/accounts/${phone}/messages`;
    await gateway.ask("POST", path, { chat, text });
  }
}

async function sendPicture(gateway) {
  const data = png(480, 320).toString("base64");
  await gateway.ask("POST", "/api/v1/chat/send-media", {
    instance_id: "shop", recipient: ADA, media_type: "image", filename: "lamps.png",
    media_data: `data:image/png;base64,${data}`, caption: "By daylight",
  });
}

const newest = async (gateway, number) => (await conversationWith(gateway, number)).last_message;

async function found(gateway, number, { id }) {
  const conversation = await conversationWith(gateway, number);
  const path = `/api/v1/chat/conversations/${conversation.id}/messages`;
  const { messages } = (await gateway.ask("GET", path)).data;
  const key = String(id).split("_").at(-1);
  return messages.find((message) => message.whatsapp_id.endsWith(key)) ?? messages.at(-1);
}

const openAda = async (page) => {
  const link = page.getByRole("link", { name: /Ada Lovelace/ });
  await link.first().click();
  // The list of conversations has these words, too.
  await page.locator(".thread .bubble", { hasText: "Shall I put them aside" }).waitFor();
  await page.waitForFunction(() => {
    const pictures = [...document.querySelectorAll(".bubble img")];
    const isThere = pictures.length > 0 && pictures.every((each) => each.complete);
    const isPlaced = document.querySelector(".thread .scroller.placed");
    return isThere && isPlaced && !document.querySelector("[aria-busy=true]");
  });
};

export const shots = [
  {
    name: "chat-empty",
    hash: "#/chat",
    empty: true,
    ready: (page) => page.getByText("No session yet").waitFor(),
  },
  {
    name: "chat-list",
    chats: true,
    hash: "#/chat",
    ready: (page) => page.getByRole("link", { name: /Workshop Krüger/ }).waitFor(),
  },
  { name: "chat", chats: true, hash: "#/chat", ready: openAda },
  {
    name: "chat-content",
    chats: true,
    hash: "#/chat",
    ready: async (page) => {
      await page.getByRole("link", { name: /Workshop Krüger/ }).click();
      await page.getByText("Am Kai 7, Hamburg").waitFor();
      await page.getByRole("button", { name: "Copy +15550000012" }).waitFor();
      await page.getByText("1 vote", { exact: true }).waitFor();
    },
  },
  {
    name: "chat-menu",
    chats: true,
    hash: "#/chat",
    ready: async (page) => {
      await openAda(page);
      await page.getByText("36 cm").last().click({ button: "right" });
      await page.getByRole("menuitem", { name: "Delete for everyone" }).waitFor();
    },
  },
  {
    name: "chat-write",
    chats: true,
    hash: "#/chat",
    ready: async (page) => {
      await openAda(page);
      await page.getByRole("textbox", { name: "Write a message" }).fill("Until Friday, then");
      await page.getByRole("button", { name: "Emoji" }).click();
      await page.getByRole("heading", { name: "Faces" }).waitFor();
    },
  },
  {
    name: "chat-search",
    chats: true,
    hash: "#/chat",
    ready: async (page) => {
      await page.getByRole("searchbox").fill("the");
      await page.getByRole("heading", { name: "Messages" }).waitFor();
      await page.waitForFunction(() => !document.querySelector(".skeleton"));
    },
  },
];

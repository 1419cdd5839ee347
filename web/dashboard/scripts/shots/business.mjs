// The views of a business: bots, contacts, broadcasts, templates, figures, settings.
import { askAs } from "../../test/support/people.mjs";
import { link, until } from "../../test/support/gateway.mjs";

const BUSINESS = "/api/whatsapp-api";
const PEOPLE = [
  ["15550000011", "Ada Lovelace", ["vip", "wholesale"], true],
  ["15550000012", "Grace Hopper", ["vip"], true],
  ["15550000013", "Alan Turing", ["retail"], true],
  ["15550000021", "Katherine Johnson", ["retail", "newsletter"], true],
  ["15550000022", "Joan Clarke", ["newsletter"], false],
  ["15550000023", "Hedy Lamarr", [], false],
];

/** Fills a gateway with what a small shop has after a day. */
export async function fillBusiness(gateway) {
  const ask = (method, path, body) => askAs(gateway, gateway.key, method, path, body);
  await link(gateway, "shop", "15551234567");
  for (const [phone, name, tags, optedIn] of PEOPLE) {
    const draft = { phone: `+${phone}`, name, tags, email: `${phone}@example.org` };
    await ask("POST", `${BUSINESS}/contacts`, { ...draft, ...(optedIn && { optedIn }) });
  }
  await ask("POST", `${BUSINESS}/templates`, {
    name: "spring_sale", category: "MARKETING", language: "en_US",
    components: [
      { type: "HEADER", format: "TEXT", text: "Spring sale" },
      { type: "BODY", text: "Dear customer, all of {{1}} is at half the price until {{2}}." },
      { type: "FOOTER", text: "Reply STOP to get no more of these." },
      { type: "BUTTONS", buttons: [{ type: "QUICK_REPLY", text: "Tell me more" }] },
    ],
  });
  await ask("POST", `${BUSINESS}/templates`, {
    name: "order_shipped", category: "UTILITY", language: "en_US", draft: true,
    components: [{ type: "BODY", text: "Your order {{1}} is on its way." }],
  });
  await ask("POST", `${BUSINESS}/quick-replies`, {
    shortcut: "/hours", content: "Hi {{contact.firstName}}, we are open from nine to six.",
  });
  const text = (value) => ({ type: "text", text: value });
  const broadcast = await ask("POST", `${BUSINESS}/broadcasts`, {
    name: "Spring sale for regulars", templateName: "spring_sale", language: "en_US",
    components: [{ type: "body", parameters: [text("the shop"), text("Sunday")] }],
    tags: ["vip"], sendNow: true,
  });
  const look = () => ask("GET", `${BUSINESS}/broadcasts/${broadcast.id}`);
  await until("the end of the broadcast", async () => (await look()).status === "COMPLETED");
  const bot = await ask("POST", "/api/v1/bots", {
    name: "Shop assistant", domain: "ecommerce", description: "Orders, deliveries and returns",
    channels: [{ type: "web" }, { type: "whatsapp", session_id: "shop" }],
  });
  const documents = [
    { title: "Returns", content: "Returns are free for 30 days. A refund takes five days." },
    { question: "When do you open?", answer: "From nine to six, on Sundays from ten." },
  ];
  for (const draft of documents) await ask("POST", `/api/v1/kb/${bot.id}`, draft);
  await ask("POST", "/api/v1/bots", { name: "Bookings", domain: "booking" });
  await fillWork(ask, bot.id);
}

/** Tickets, tasks, rules and flows. */
async function fillWork(ask, bot) {
  const tickets = [
    { subject: "The cup arrived broken", requester: "Ada Lovelace", priority: "high" },
    { subject: "Invoice for order 4711", requester: "Grace Hopper", status: "pending" },
    { subject: "Where is the parcel?", requester: "Alan Turing", status: "resolved" },
  ];
  for (const { status, ...draft } of tickets) {
    const { id } = await ask("POST", "/api/v1/tickets", { bot_id: bot, ...draft });
    if (status) await ask("PUT", `/api/v1/tickets/${id}`, { status });
  }
  const rule = {
    bot_id: bot, name: "Refunds", trigger: { type: "message_received" },
    conditions: [
      { field: "message.text", op: "contains", value: "refund" },
      { field: "contact.tags", op: "not_contains", value: "wholesale" },
    ],
    actions: [
      { type: "add_tag", tag: "refund" },
      { type: "create_ticket", subject: "A refund", priority: "high" },
    ],
  };
  await ask("POST", "/api/v1/automations", rule);
  await ask("POST", "/api/v1/automations", {
    bot_id: bot, name: "Nobody answered", enabled: false,
    trigger: { type: "session_idle", minutes: 60 }, actions: [{ type: "handoff" }],
  });
  await ask("POST", `${BUSINESS}/flows`, {
    name: "Front desk", trigger: { type: "keyword", keywords: ["menu", "start"] },
    steps: [
      {
        id: "ask", type: "menu", text: "How can we help?",
        options: [
          { id: "order", title: "My order" },
          { id: "person", title: "A person", next: "person" },
        ],
      },
      {
        id: "number", type: "question", text: "What is the number of your order?",
        saveTo: "attributes.order", validate: "number",
      },
      { id: "thanks", type: "end", resolve: false },
      { id: "person", type: "handoff", message: "One moment, please." },
    ],
  });
}

const heading = (page, name) =>
  page.getByRole("heading", { level: 1, name, exact: true }).waitFor();

/** The page of one thing, by its link in the list. */
const visit = async (page, name) => {
  await page.getByRole("link", { name, exact: true }).click();
  await heading(page, name);
};

const tabOf = (page, name) => page.getByRole("tab", { name, exact: true }).click();

export const shots = [
  {
    name: "bots",
    hash: "#/bots",
    ready: (page) => page.getByRole("link", { name: "Shop assistant" }).waitFor(),
  },
  {
    name: "bots-create",
    hash: "#/bots",
    ready: async (page) => {
      await page.getByRole("link", { name: "Shop assistant" }).waitFor();
      await page.getByRole("button", { name: "New bot" }).click();
    },
  },
  {
    name: "bot-behaviour",
    hash: "#/bots",
    ready: async (page) => {
      await visit(page, "Shop assistant");
      await page.getByLabel("Greeting").waitFor();
    },
  },
  {
    name: "bot-knowledge",
    hash: "#/bots",
    ready: async (page) => {
      await visit(page, "Shop assistant");
      await tabOf(page, "Knowledge");
      await page.getByText("Ready", { exact: true }).first().waitFor();
      await page.getByLabel("Say something to the bot").fill("Are returns free?");
      await page.keyboard.press("Enter");
      await page.getByText("From Returns").waitFor();
    },
  },
  {
    name: "bot-website",
    hash: "#/bots",
    ready: async (page) => {
      await visit(page, "Shop assistant");
      await tabOf(page, "Website");
      await page.getByLabel("Corner").waitFor();
    },
  },
  {
    name: "work",
    hash: "#/work",
    ready: (page) => page.getByText("The cup arrived broken").waitFor(),
  },
  {
    name: "automations",
    hash: "#/automations",
    ready: (page) => page.getByRole("link", { name: "Refunds" }).waitFor(),
  },
  {
    name: "automations-rule",
    hash: "#/automations",
    ready: async (page) => {
      await visit(page, "Refunds");
      await page.getByText("It has not run yet.").waitFor();
    },
  },
  {
    name: "automations-flow",
    hash: "#/automations?tab=flows",
    ready: async (page) => {
      await visit(page, "Front desk");
      await page.locator("option", { hasText: "Shop assistant" }).waitFor({ state: "attached" });
    },
  },
  {
    name: "contacts",
    hash: "#/contacts",
    ready: async (page) => {
      await page.getByRole("link", { name: "Hedy Lamarr" }).waitFor();
      await page.locator("option", { hasText: "wholesale" }).waitFor({ state: "attached" });
    },
  },
  {
    name: "contact",
    hash: "#/contacts?search=ada",
    ready: async (page) => {
      await visit(page, "Ada Lovelace");
      await page.getByText("Contact created").waitFor();
    },
  },
  {
    name: "contacts-import",
    hash: "#/contacts/import",
    ready: async (page) => {
      await page.getByLabel("CSV file").setInputFiles({
        name: "people.csv", mimeType: "text/csv",
        buffer: Buffer.from("Mobile,Name,City\n+15557000001,Mary Shelley,Geneva\n12,No one,Rome\n"),
      });
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByLabel("Column Mobile").selectOption("phone");
      await page.getByRole("button", { name: "Check" }).click();
      await page.getByText("Result of the check").waitFor();
    },
  },
  {
    name: "broadcasts",
    hash: "#/broadcasts",
    ready: (page) => page.getByRole("link", { name: "Spring sale for regulars" }).waitFor(),
  },
  {
    name: "broadcast",
    hash: "#/broadcasts",
    ready: async (page) => {
      await visit(page, "Spring sale for regulars");
      await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
    },
  },
  {
    name: "broadcast-new",
    hash: "#/broadcasts/new",
    ready: async (page) => {
      await page.getByLabel("Name").fill("Summer sale");
      // A key, not a command: what moves upon it is no jump of the page.
      await page.getByLabel("Template", { exact: true }).press("ArrowDown");
      await page.getByLabel("Variable 1 of the text").fill("the garden");
      await page.getByLabel("Variable 2 of the text").fill("Sunday");
      await page.getByLabel(/^retail/).check();
      await page.getByRole("button", { name: "Preview recipients" }).click();
      await page.getByText("Who gets it").waitFor();
    },
  },
  {
    name: "templates",
    hash: "#/templates",
    ready: (page) => page.getByText("spring_sale").waitFor(),
  },
  {
    name: "templates-edit",
    hash: "#/templates",
    ready: async (page) => {
      await page.getByRole("button", { name: "Actions for spring_sale" }).click();
      await page.getByRole("menuitem", { name: "Edit" }).click();
      await page.getByRole("button", { name: "Save" }).waitFor();
    },
  },
  {
    name: "quick-replies",
    hash: "#/templates?tab=replies",
    ready: (page) => page.getByText("/hours").waitFor(),
  },
  {
    name: "analytics",
    hash: "#/analytics",
    ready: (page) => page.getByRole("figure", { name: "Messages by day" }).waitFor(),
  },
  {
    name: "analytics-bots",
    hash: "#/analytics?tab=bots",
    ready: (page) => page.getByText("Visitors (estimate)").waitFor(),
  },
  {
    name: "business",
    hash: "#/business",
    ready: async (page) => {
      await page.getByLabel("Time zone").waitFor();
      await page.getByText("Connected", { exact: true }).first().waitFor();
    },
  },
  {
    name: "business-hours",
    hash: "#/business",
    ready: async (page) => {
      const add = (day) => page.getByRole("button", { name: `Add hours on ${day}` });
      await add("Monday").click();
      await add("Saturday").click();
      await page.getByLabel("Monday, closes (1)").fill("12:30");
      await add("Monday").click();
      await page.getByLabel("Monday, closes (2)").fill("18:00");
      await page.getByRole("button", { name: "Copy Monday to all weekdays" }).click();
      await page.getByText("Connected", { exact: true }).first().waitFor();
      const hours = page.getByRole("form", { name: "Opening hours" });
      await hours.evaluate((form) => form.scrollIntoView());
    },
  },
].map((shot) => ({ ...shot, business: true }));

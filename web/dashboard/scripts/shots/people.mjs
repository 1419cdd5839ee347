// The views of people's work: the inbox, the team, an account, the ways in.
import { ADA, conversationWith, openAccount, PHONE, send, writeFrom }
  from "../../test/support/chats.mjs";
import { link, until } from "../../test/support/gateway.mjs";
import { askAs, comeIn, makePerson, OWNER } from "../../test/support/people.mjs";
import { PEOPLE } from "./chat.mjs";

/** Conversations beside the three that something happens in. */
const MORE_CHATS = 6;

/** People, and conversations for them. */
export async function fillPeople(gateway) {
  gateway.token = await makePerson(gateway, OWNER);
  const ask = (method, path, body) => askAs(gateway, gateway.token, method, path, body);
  const grace = { email: "grace@example.com", name: "Grace Hopper", role: "AGENT" };
  await makePerson(gateway, grace, gateway.token);
  const vera = { email: "vera@example.com", name: "Vera Molnár", role: "VIEWER" };
  await makePerson(gateway, vera, gateway.token);
  await ask("POST", "/api/v1/users/invitations", { email: "joan@example.com", role: "AGENT" });
  const team = await ask("POST", "/api/v1/teams", { name: "Support" });
  await ask("POST", `/api/v1/teams/${team.id}/invite`, { email: grace.email, role: "agent" });
  await link(gateway, "shop", PHONE);
  for (const [phone, name, text] of PEOPLE.slice(0, MORE_CHATS)) {
    await openAccount(gateway, phone, name);
    await writeFrom(gateway, phone, text);
  }
  await writeFrom(gateway, "15550000013", "Thank you, it has come.");
  await writeFrom(gateway, "15550000012", "Do you ship to Malta?");
  await writeFrom(gateway, ADA, "Good morning! Where is my order 4711?");
  await conversationWith(gateway, ADA);
  await send(gateway, ADA, "Good morning, Ada. I am asking the carrier, one moment please.");
  await writeFrom(gateway, ADA, "It was to come on *Friday*: https://shop.example/orders/4711");
  const chats = await until("the conversations", async () => {
    const found = await ask("GET", "/api/whatsapp-api/chats?limit=50");
    return found.chats.length === MORE_CHATS + 3 && found.chats;
  });
  const of = (phone) => chats.find(({ contact }) => contact.phone.endsWith(phone)).id;
  gateway.chat = of(ADA);
  const chat = `/api/whatsapp-api/chats/${gateway.chat}`;
  await ask("PATCH", chat, { assignedTo: "me", starred: true, tags: ["order", "late"] });
  await ask("POST", `/api/whatsapp-api/chats/${of("15550000013")}/resolve`, { sendCsat: false });
  const note = "@[Grace Hopper](user:00000000-0000-0000-0000-000000000000) they wait since Friday";
  await ask("POST", `/api/v1/inbox/notes/${gateway.chat}`, { content: note });
}

const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

async function openChat(page, gateway) {
  await page.evaluate((hash) => (location.hash = hash), `#/inbox?with=${gateway.chat}`);
  await comeIn(page, gateway.token);
  await page.locator(".bubble", { hasText: "Where is my order" }).waitFor();
}

export const shots = [
  {
    name: "inbox",
    hash: "#/inbox",
    people: true,
    ready: async (page, gateway) => {
      await comeIn(page, gateway.token);
      await page.getByText("Do you ship to Malta?").waitFor();
    },
  },
  { name: "inbox-conversation", hash: "#/inbox", people: true, ready: openChat },
  {
    name: "inbox-notes",
    hash: "#/inbox",
    people: true,
    ready: async (page, gateway) => {
      await openChat(page, gateway);
      const tab = page.getByRole("tab", { name: "Notes" });
      if (!(await tab.isVisible())) await page.getByRole("button", { name: "Details" }).click();
      await tab.click();
      await page.getByText("they wait since Friday").waitFor();
    },
  },
  {
    name: "team",
    hash: "#/team",
    people: true,
    ready: async (page, gateway) => {
      await comeIn(page, gateway.token);
      await page.getByText("joan@example.com").waitFor();
    },
  },
  {
    name: "audit",
    hash: "#/audit",
    people: true,
    ready: async (page, gateway) => {
      await comeIn(page, gateway.token);
      await page.getByRole("cell", { name: "Invite person" }).first().waitFor();
    },
  },
  {
    name: "account",
    hash: "#/account",
    people: true,
    ready: async (page, gateway) => {
      await comeIn(page, gateway.token);
      await page.getByText("this one", { exact: true }).waitFor();
    },
  },
  { name: "join", hash: "#/join?code=x", withKey: true,
    ready: (page) => heading(page, "Accept your invitation") },
  { name: "reset-password", hash: "#/reset-password", withKey: true,
    ready: (page) => heading(page, "Choose a new password") },
  {
    name: "sign-in-needed", hash: "#/inbox",
    ready: (page) => page.getByText("Sign in to work here").waitFor(),
  },
];

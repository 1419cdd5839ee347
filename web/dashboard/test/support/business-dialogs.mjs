// The dialogs of the business's pages, for whom they open, and how.
import { button, press } from "./keyboard.mjs";
import { askAs } from "./people.mjs";

/** Something on each of these pages; the address of the bot's knowledge. */
export async function makeBusiness(gateway, owner) {
  const post = (path, body) => askAs(gateway, owner, "POST", path, body);
  const { id } = await post("/api/v1/bots", { name: "Desk" });
  await post("/api/v1/contacts", { name: "Grace", phone: "+15550000099" });
  await post("/api/whatsapp-api/templates", {
    name: "hello", language: "en", category: "UTILITY",
    components: [{ type: "BODY", text: "Hello" }],
  });
  await post("/api/whatsapp-api/quick-replies", { shortcut: "/hi", content: "Hello" });
  return `#/bots/${id}?tab=knowledge`;
}

/** `knowledge` is the address that `makeBusiness` gave, once it has. */
export const businessDialogs = (knowledge) => [
  {
    of: "bots/CreateDialog", at: "#/bots", as: "owner", field: "Name",
    open: (page) => press(page, button(page, "New bot")),
  },
  {
    of: "bots/DocumentDialog", at: knowledge, as: "owner", field: "Title",
    open: (page) => press(page, button(page, "Add a text")),
  },
  {
    of: "contacts/CreateDialog", at: "#/contacts", as: "owner", field: "Phone number",
    open: (page) => press(page, button(page, "New contact")),
  },
  {
    of: "work/ItemDialog", at: "#/work", as: "owner", field: "Subject",
    open: (page) => press(page, button(page, "New ticket")),
  },
  {
    of: "templates/TemplateDialog", at: "#/templates", as: "owner", field: "Name",
    open: (page) => press(page, button(page, "New template")),
  },
  {
    of: "templates/ImportDialog", at: "#/templates", as: "owner", field: "JSON",
    open: (page) => press(page, button(page, "Import")),
  },
  {
    of: "templates/QuickReplyDialog", at: "#/templates?tab=replies", as: "owner", field: "Shortcut",
    open: (page) => press(page, button(page, "New quick reply")),
  },
];

// The words for what happened with a contact, on its page and in the inbox.
import { byCode } from "./language";
import { translated } from "./translated";

export const timeline = translated("timeline", {
  kinds: byCode({
    message_received: "Message received",
    message_sent: "Message sent",
    conversation_opened: "Conversation opened",
    conversation_resolved: "Conversation resolved",
    conversation_assigned: "Conversation assigned",
    opt_in: "Opted in",
    opt_out: "Opted out",
    tag_added: "Tag added",
    tag_removed: "Tag removed",
    csat: "Rating",
    ctwa: "Came by an advertisement",
    broadcast: "Broadcast",
    payment: "Payment",
    note_added: "Note added",
    ticket_created: "Ticket created",
    contact_created: "Contact created",
    contact_updated: "Contact updated",
    audit: "Changed",
  }),
  actors: byCode({
    contact: "the contact",
    key: "an API key",
    owner: "the owner",
    user: "a colleague",
    bot: "a bot",
    auto_tagging: "a tagging rule",
    gateway: "the gateway",
  }),
  by: (actor: string) => `by ${actor}`,
});

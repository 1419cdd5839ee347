// What the page writes among the messages itself: a group was changed, a call was missed.
import { type IdLike, type MessageLike, idText } from "./convert";
import { happened } from "./page";
import { person } from "./people";
import { rawOf } from "./raw";

/** A notice, as the page shows it among the messages. */
interface NoticeLike extends MessageLike {
  subtype?: string;
  recipients?: (IdLike | string)[];
}

/** Kinds of the page's own words. Those of no interest to anybody are not told. */
const TOLD: ReadonlySet<string> = new Set([
  "gp2",
  "call_log",
  "notification",
  "group_notification",
  "broadcast_notification",
  "newsletter_notification",
]);
const UNTOLD: ReadonlySet<string> = new Set([
  "e2e_notification",
  "notification_template",
  "protocol",
  "reaction",
  "debug",
]);

/** Who came, went and rose in a group, wa-js tells by an event of its own. */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set([
  "add",
  "remove",
  "leave",
  "invite",
  "linked_group_join",
  "promote",
  "demote",
]);

export function isNotice({ type }: MessageLike): boolean {
  return TOLD.has(type ?? "") || UNTOLD.has(type ?? "");
}

/**
 * Whether this is none of the messages of a chat, though the page keeps it among them. What
 * happened to a group is listed; what is not decrypted yet will be told when it is.
 */
export function isNoMessage(entry: MessageLike): boolean {
  return entry.type === "ciphertext" || (entry.type !== "gp2" && isNotice(entry));
}

/** Whether the page put this in the place of a message that was deleted for everyone. */
export function isPlaceholder({ type, protocolMessageKey }: MessageLike): boolean {
  return type === "revoked" && Boolean(protocolMessageKey);
}

export function tellNotice(notice: NoticeLike): void {
  if (UNTOLD.has(notice.type ?? "")) return;
  if (notice.type === "gp2") tellChangeOfGroup(notice);
  else happened({ type: "engine_unknown", name: String(notice.type), raw: rawOf(notice) });
}

function tellChangeOfGroup(notice: NoticeLike): void {
  const group = groupOf(notice);
  const by = notice.author ? person(notice.author) : null;
  const value = typeof notice.body === "string" ? notice.body : null;
  const subtype = notice.subtype ?? "";
  switch (subtype) {
    case "create": {
      const participants = (notice.recipients ?? []).map(person);
      const groupName = value === "" ? null : value;
      const action = "create";
      happened({ type: "group_joined", group, groupName, participants, by, action });
      return;
    }
    case "subject":
    case "description":
    case "picture":
    case "announce":
    case "restrict":
      happened({ type: "group_updated", group, change: subtype, value, by });
      return;
    default:
      if (!TOLD_OTHERWISE.has(subtype))
        happened({ type: "engine_unknown", name: `group_${subtype}`, raw: rawOf(notice) });
  }
}

function groupOf(notice: NoticeLike): string {
  const { remote } = notice.id as { remote?: IdLike };
  return remote ? idText(remote) : (idText(notice.id).split("_")[1] ?? "");
}

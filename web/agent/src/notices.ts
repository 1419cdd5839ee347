// Notices: entries that the page itself adds to a chat, such as a changed group or a missed call.
import { type MessageLike } from "./convert";
import { type IdLike, idText } from "./ids";
import { happened } from "./page";
import { person } from "./people";
import { rawOf } from "./raw";

/** The parts of a notice that are read here. */
interface NoticeLike extends MessageLike {
  subtype?: string;
  recipients?: (IdLike | string)[];
}

/** Kinds of notices. Irrelevant ones are not reported. */
const REPORTED: ReadonlySet<string> = new Set([
  "gp2",
  "call_log",
  "notification",
  "group_notification",
  "broadcast_notification",
  "newsletter_notification",
]);
const IGNORED: ReadonlySet<string> = new Set([
  "e2e_notification",
  "notification_template",
  "protocol",
  "reaction",
  "debug",
]);

/** Changes of a group's members have an event of their own in wa-js. */
const REPORTED_OTHERWISE: ReadonlySet<string> = new Set([
  "add",
  "remove",
  "leave",
  "invite",
  "linked_group_join",
  "promote",
  "demote",
]);

export function isNotice({ type }: MessageLike): boolean {
  return REPORTED.has(type ?? "") || IGNORED.has(type ?? "");
}

/**
 * Whether an entry among the messages is not a message. Notices of groups are listed; a message
 * that is not decrypted yet is reported after decryption.
 */
export function isNoMessage(entry: MessageLike): boolean {
  return entry.type === "ciphertext" || (entry.type !== "gp2" && isNotice(entry));
}

/** Whether this entry replaces a message that was deleted for everyone. */
export function isPlaceholder({ type, protocolMessageKey }: MessageLike): boolean {
  return type === "revoked" && Boolean(protocolMessageKey);
}

export function tellNotice(notice: NoticeLike): void {
  if (IGNORED.has(notice.type ?? "")) return;
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
      if (!REPORTED_OTHERWISE.has(subtype))
        happened({ type: "engine_unknown", name: `group_${subtype}`, raw: rawOf(notice) });
  }
}

function groupOf(notice: NoticeLike): string {
  const { remote } = notice.id as { remote?: IdLike };
  return remote ? idText(remote) : (idText(notice.id).split("_")[1] ?? "");
}

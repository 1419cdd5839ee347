// A message of the page as the content that the network is asked to send.
import { idText } from "./ids";
import type { Exports } from "./loader";
import type { MsgModel } from "./models";
import { uploadedMedia } from "./media";
import type { DeviceContent, MediaKind } from "../protocol";

const KINDS: Record<string, MediaKind> = {
  image: "image",
  video: "video",
  audio: "audio",
  ptt: "voice",
  document: "document",
  sticker: "sticker",
};

export function contentOf(message: MsgModel): DeviceContent {
  const type = String(message["type"]);
  const kind = KINDS[type];
  if (kind) {
    return {
      type: "media",
      kind,
      media: uploadedMedia(message["filehash"]),
      mime: String(message["mimetype"]),
      filename: message["filename"] ?? null,
      caption: message["caption"] || null,
    };
  }
  switch (type) {
    case "chat":
      return { type: "text", body: String(message["body"] ?? "") };
    case "location": {
      const [name, ...others] = String(message["loc"] ?? "").split("\n");
      const address = others.join("\n");
      return {
        type: "location",
        latitude: Number(message["lat"]),
        longitude: Number(message["lng"]),
        name: name || null,
        address: address || null,
      };
    }
    case "vcard":
      return {
        type: "contactCards",
        contacts: [card(String(message["body"]), nameOf(message["vcardFormattedName"]))],
      };
    case "multi_vcard":
      return {
        type: "contactCards",
        contacts: (message["vcardList"] as Exports[]).map((each) =>
          card(String(each["vcard"]), nameOf(each["displayName"])),
        ),
      };
    case "poll_creation":
      return {
        type: "poll",
        question: String(message["pollName"]),
        options: (message["pollOptions"] as Exports[]).map((option) =>
          String(option["name"]),
        ),
        selectable: Number(message["pollSelectableOptionsCount"] ?? 1),
      };
    default:
      throw new Error(
        `the simulated network carries no message of the type ${type} (${idText(message)})`,
      );
  }
}

type Card = Extract<DeviceContent, { type: "contactCards" }>["contacts"][number];

function card(vcard: string, name: string | null): Card {
  const user =
    /waid=(\d+)/.exec(vcard)?.[1] ?? /TEL[^:]*:\+?(\d+)/.exec(vcard.replace(/[ -]/g, ""))?.[1];
  if (!user) throw new Error("a card without a number");
  return { id: `${user}@c.us`, name, vcard };
}

function nameOf(given: unknown): string | null {
  return typeof given === "string" && given !== "" ? given : null;
}

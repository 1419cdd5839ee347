// Details of a message beyond its text and its file: location, contact cards, poll, context.
// Strangers write these, so texts are bounded and numbers are checked.
import type { MessageLike } from "./convert";
import type { Details, Menu } from "./wire";

const LONGEST_TEXT = 4_096;
/** Limits in characters: of one card, of one among many long ones, of all together. */
const LONGEST_CARD = 16 * 1024;
const SHORT_CARD = 1_024;
const MOST_OF_CARDS = 256 * 1024;
const MOST_CARDS = 300;
const MOST_OPTIONS = 100;
/** Longer than any message, in seconds. */
const LONGEST = 0x7fffffff;

type Fields = Record<string, unknown>;

const MENUS: ReadonlyMap<string, Menu> = new Map([
  ["list_response", "list"],
  ["buttons_response", "buttons"],
  ["template_button_reply", "template"],
  ["interactive_response", "interactive"],
]);

/** None for a plain text. */
export function detailsOf(model: MessageLike): Details | undefined {
  const fields = model as unknown as Fields;
  const details: Details = {};
  switch (model.type) {
    case "location":
    case "live_location":
      place(fields, details);
      break;
    case "vcard":
    case "multi_vcard":
      details.contacts = cardsOf(fields);
      break;
    case "poll_creation":
      details.poll = {
        question: words(fields["pollName"]) ?? words(fields["body"]) ?? "",
        options: optionsOf(fields["pollOptions"]),
        selectable: whole(fields["pollSelectableOptionsCount"]) ?? 0,
      };
      break;
    default:
      reply(model.type ?? "", fields, details);
  }
  advertised(fields, details);
  previewed(fields, details);
  const seconds = whole(fields["duration"]);
  if (seconds !== null && TIMED.has(model.type ?? "")) details.seconds = seconds;
  if (model.type === "sticker" && fields["isAnimated"] === true) details.animated = true;
  if (fields["isViewOnce"] === true) details.viewOnce = true;
  const ephemeral = whole(fields["ephemeralDuration"]);
  if (ephemeral !== null && 0 < ephemeral) details.ephemeralSeconds = ephemeral;
  return Object.keys(details).length === 0 ? undefined : details;
}

const TIMED: ReadonlySet<string> = new Set(["audio", "ptt", "video", "ptv"]);

/** A message in one line; null for a text, and for a message without words. */
export function wordsOf(details: Details | undefined): string | null {
  if (details?.location) {
    // WhatsApp shows no text under a location without a name.
    const { name, address } = details.location;
    return name ?? address;
  }
  if (details?.contacts?.length) {
    const names = details.contacts.map((card) => card.name ?? nameOn(card.vcard));
    return names.filter((name) => name !== "").join(", ");
  }
  if (details?.poll) return details.poll.question;
  return details?.menuReply?.title ?? details?.menuReply?.id ?? null;
}

function place(fields: Fields, details: Details): void {
  const [latitude, longitude] = [finite(fields["lat"]), finite(fields["lng"])];
  if (latitude === null || longitude === null) return;
  // The page has name and address in one text, separated by a newline.
  const [first = "", ...others] = (words(fields["loc"]) ?? "").split("\n");
  const name = words(first.trim());
  const address = words(others.join("\n").trim());
  details.location = { latitude, longitude, name, address };
  if (fields["isLive"] === true || fields["type"] === "live_location") details.location.live = true;
}

function cardsOf(fields: Fields): NonNullable<Details["contacts"]> {
  const one = { displayName: fields["vcardFormattedName"], vcard: fields["body"] };
  const several = fields["type"] === "multi_vcard" ? list(fields["vcardList"]) : [one];
  const cards = several.slice(0, MOST_CARDS).map(object);
  const length = cards.reduce((sum, card) => sum + text(card["vcard"]).length, 0);
  const most = length <= MOST_OF_CARDS ? LONGEST_CARD : SHORT_CARD;
  return cards.map((card) => ({
    name: words(card["displayName"])?.slice(0, LONGEST_NAME) ?? null,
    vcard: fitting(text(card["vcard"]), most),
  }));
}

const LONGEST_NAME = 256;
const NEEDED = /^(BEGIN|VERSION|END|N|FN|ORG|(\w+\.)?TEL)\b/i;

/** A long card, reduced to its contact data. */
function fitting(vcard: string, most: number): string {
  if (vcard.length <= most) return vcard;
  const needed = vcard.split(/\r?\n/).filter((line) => NEEDED.test(line) && line.length <= 256);
  return needed.join("\n").slice(0, most);
}

/** The name on a card, or its number. */
function nameOn(vcard: string): string {
  const found = /^FN[^:\n]*:(.+)$/m.exec(vcard) ?? /^(?:\w+\.)?TEL[^:\n]*:(.+)$/m.exec(vcard);
  return found?.[1]?.trim().slice(0, LONGEST_TEXT) ?? "";
}

function optionsOf(given: unknown): string[] {
  const options = list(given).slice(0, MOST_OPTIONS);
  return options.map((option) => text(object(option)["name"]).slice(0, LONGEST_TEXT));
}

function reply(type: string, fields: Fields, details: Details): void {
  const menu = MENUS.get(type);
  if (!menu) return;
  const title = words(fields["body"]);
  if (menu === "list") {
    const answer = object(fields["listResponse"]);
    const id = words(object(answer["singleSelectReply"])["selectedRowId"]);
    details.menuReply = { menu, id, title: words(answer["title"]) ?? title };
    return;
  }
  const chosen = menu === "buttons" ? "selectedButtonId" : "selectedId";
  const id = words(fields[chosen]) ?? words(fields["nativeFlowName"]);
  details.menuReply = { menu, id, title };
}

/** The advertisement that a chat began with. The page has two names for it. */
function advertised(fields: Fields, details: Details): void {
  const ad = { ...object(fields["externalAdReply"]), ...object(fields["ctwaContext"]) };
  const found = {
    source: words(ad["sourceType"]) ?? words(ad["conversionSource"]) ?? words(ad["sourceApp"]),
    id: words(ad["sourceId"]),
    url: words(ad["sourceUrl"]),
    title: words(ad["title"]),
    body: words(ad["description"]) ?? words(ad["body"]),
    mediaUrl: words(ad["mediaUrl"]) ?? words(ad["originalImageUrl"]) ?? words(ad["thumbnailUrl"]),
    clickId: words(ad["ctwaClid"]) ?? words(ad["clickId"]),
  };
  if (found.id !== null || found.url !== null || found.clickId !== null) details.ad = found;
}

function previewed(fields: Fields, details: Details): void {
  if (fields["type"] !== "chat") return;
  const url = words(fields["canonicalUrl"]) ?? words(fields["matchedText"]);
  const [title, description] = [words(fields["title"]), words(fields["description"])];
  if (url !== null && (title ?? description) !== null)
    details.linkPreview = { url, title, description };
}

function object(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  // Some lists of the page are collections of models.
  const models: unknown = (value as { getModelsArray?: () => unknown } | null)?.getModelsArray?.();
  return Array.isArray(models) ? models : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A text that is not empty. */
function words(value: unknown): string | null {
  return text(value).slice(0, LONGEST_TEXT) || null;
}

function finite(value: unknown): number | null {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

function whole(value: unknown): number | null {
  const number = finite(value);
  return number === null ? null : Math.min(Math.max(Math.round(number), 0), LONGEST);
}

// What a message holds beyond its text and its file, as the attributes that the web client gives
// it: a place, contact cards, a poll, and the context that it was written in.
import type { Exports } from "./loader";
import type { Details, Message } from "../protocol";

/** The thumbnail that the client stores in place of a text. */
const THUMBNAIL = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAoHBwgHBgoICAgLCgoL".repeat(4);

const MENU_TYPES: Record<NonNullable<Details["menuReply"]>["menu"], string> = {
  list: "list_response",
  buttons: "buttons_response",
  template: "template_button_reply",
  interactive: "interactive_response",
};

export function contentAttributes({ details, raw }: Message): Exports {
  return {
    ...(raw as Exports | undefined),
    ...(details ? contextOf(details) : {}),
    ...(details?.location ? placeOf(details.location) : {}),
    ...(details?.contacts?.length ? cardsOf(details.contacts) : {}),
    ...(details?.poll ? pollOf(details.poll) : {}),
    ...(details?.menuReply ? replyOf(details.menuReply) : {}),
  };
}

function placeOf({ latitude, longitude, name, address, live }: NonNullable<Details["location"]>) {
  // The name has the first line, also where there is none.
  const loc = address ? `${name ?? ""}\n${address}` : name;
  return { lat: latitude, lng: longitude, loc: loc || undefined, isLive: live, body: THUMBNAIL };
}

function cardsOf(contacts: NonNullable<Details["contacts"]>): Exports {
  const [first] = contacts;
  if (contacts.length === 1 && first)
    return { type: "vcard", body: first.vcard, vcardFormattedName: first.name };
  const vcardList = contacts.map(({ name, vcard }) => ({ displayName: name, vcard }));
  return { type: "multi_vcard", vcardList, body: undefined };
}

function pollOf({ question, options, selectable }: NonNullable<Details["poll"]>): Exports {
  return {
    pollName: question,
    pollOptions: options.map((name, localId) => ({ name, localId })),
    pollSelectableOptionsCount: selectable,
    body: undefined,
  };
}

function replyOf({ menu, id, title }: NonNullable<Details["menuReply"]>): Exports {
  // The text of such a message is the title of the choice.
  const chosen: Exports = { type: MENU_TYPES[menu], body: title ?? undefined };
  if (menu === "list")
    chosen["listResponse"] = { title, singleSelectReply: { selectedRowId: id }, listType: 1 };
  else chosen[menu === "buttons" ? "selectedButtonId" : "selectedId"] = id;
  return chosen;
}

function contextOf(details: Details): Exports {
  const { ad, linkPreview: page, seconds, animated, viewOnce, ephemeralSeconds } = details;
  return {
    ctwaContext: ad && {
      conversionSource: ad.source ?? undefined,
      sourceId: ad.id ?? undefined,
      sourceUrl: ad.url ?? undefined,
      title: ad.title ?? undefined,
      description: ad.body ?? undefined,
      mediaUrl: ad.mediaUrl ?? undefined,
      ctwaClid: ad.clickId ?? undefined,
      thumbnail: THUMBNAIL,
    },
    ...(page && {
      subtype: "url",
      matchedText: page.url,
      canonicalUrl: page.url,
      title: page.title ?? undefined,
      description: page.description ?? undefined,
      thumbnail: THUMBNAIL,
    }),
    duration: seconds === undefined ? undefined : String(seconds),
    isAnimated: animated,
    isViewOnce: viewOnce,
    ephemeralDuration: ephemeralSeconds,
  };
}

// Details of a message beyond its text and its file, as lines of text.
import type { Details } from "./types";
import { make } from "./dom";

export function detailsOf(details: Details | undefined): HTMLElement[] {
  if (!details) return [];
  const { location, contacts = [], poll, menuReply, ad, linkPreview } = details;
  const lines: string[] = [];
  if (location) {
    lines.push(location.address ?? "", `${location.latitude}, ${location.longitude}`);
  }
  for (const { name, phones } of contacts) lines.push([name, ...phones].join(" "));
  for (const option of poll?.options ?? []) {
    const votes = poll?.votes?.filter((vote) => vote.options.includes(option)) ?? [];
    lines.push(`${option}: ${votes.length}`);
  }
  if (menuReply?.id) lines.push(`Chosen: ${menuReply.id}`);
  if (ad) lines.push(`From an advertisement: ${ad.title ?? ad.url ?? ad.id ?? ""}`);
  if (linkPreview) lines.push(linkPreview.title ?? linkPreview.url);
  if (details.seconds !== undefined) lines.push(lengthOf(details.seconds));
  if (details.viewOnce) lines.push("To be viewed once");
  if (details.ephemeralSeconds) lines.push("Disappears");
  return lines.filter(Boolean).map((line) => make("p", "detail", line));
}

function lengthOf(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// Link previews. The real page gets them from the phone and from WhatsApp's servers; this page
// has no internet, and makes a preview from the URL.
import { defineAll, importNamespace, type Exports } from "./loader";

const FIRST_LINK = /https?:\/\/\S+/;

export function definePreviews(): void {
  defineAll({
    WALinkify: () => ({
      findFirstWebLink: (text: string) => FIRST_LINK.exec(text)?.[0],
      findLink: (text?: string) => {
        const href = FIRST_LINK.exec(text ?? "")?.[0];
        return href ? { href, url: href } : undefined;
      },
      findLinks: (text = "") =>
        (text.match(/https?:\/\/\S+/g) ?? []).map((href) => ({ href })),
    }),
    // Libraries put a function of their own in place of the one below: it is called by its name.
    WAWebLinkPreviewChatAction: () => ({
      getLinkPreview: (link: string) =>
        importNamespace("WAWebMinimalLinkPreview")["genMinimalLinkPreview"](link) as unknown,
    }),
    WAWebMinimalLinkPreview: () => ({
      genMinimalLinkPreview: (link: string) => Promise.resolve(previewOf(link)),
    }),
  });
}

function previewOf(link: string): Exports | null {
  if (!URL.canParse(link)) return null;
  const title = new URL(link).hostname;
  const data = {
    title,
    description: `A page of ${title}`,
    canonicalUrl: link,
    matchedText: link,
    richPreviewType: 0,
    doNotPlayInline: true,
  };
  return { url: link, data };
}

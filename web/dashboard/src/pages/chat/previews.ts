// Link previews as far as they can be trusted. Their words are a stranger's; the host is read from
// the address that they claim to show. Pure.

/** The host that a web address leads to; null for what is none. */
export function hostOf(address: string): string | null {
  try {
    const { protocol, host } = new URL(address);
    return protocol === "https:" || protocol === "http:" ? host || null : null;
  } catch {
    return null;
  }
}

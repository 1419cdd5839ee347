// A call as the line that does it in a shell.

export function curlOf(root: URL, session: string, chat: string, text: string): string {
  const url = new URL(`api/v1/sessions/${encodeURIComponent(session)}/send-text`, root);
  const body = JSON.stringify({ chatId: chat, content: text });
  return [
    `curl -X POST ${quoted(url.href)} \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d ${quoted(body)}`,
  ].join("\n");
}

/** A text as one word of a shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

// New QR codes after the former ones ran out. Newer versions of the page have no command for it,
// and it has no effect while a pairing code is shown: then the page is reloaded.
import { wpp } from "./page";
import { attempt } from "./people";

const PATIENCE = 5_000;
const LOOK_EVERY = 250;

export async function freshCodes(): Promise<null> {
  // The promise resolves with the next code, which may never come.
  attempt(() => void wpp().conn.refreshQR().catch(() => undefined));
  for (let waited = 0; waited < PATIENCE; waited += LOOK_EVERY) {
    if (await showsCode()) return null;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
  location.reload();
  return null;
}

async function showsCode(): Promise<boolean> {
  const { conn } = wpp();
  if (attempt(() => conn.isIdle())) return false;
  try {
    return Boolean((await conn.getAuthCode())?.fullCode);
  } catch {
    return false;
  }
}

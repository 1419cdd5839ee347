// The page's clock. The web client goes by its server's time, whatever the machine's clock says.

let standsAt: number | null = null;

/** The network's clock stands at this moment, or goes with the system's. */
export function setClock(moment: string | null): void {
  standsAt = moment === null ? null : Date.parse(moment);
}

export function unixTimeMs(): number {
  return standsAt ?? Date.now();
}

/** In seconds. */
export function unixTime(): number {
  return Math.floor(unixTimeMs() / 1000);
}

// What one wants to be alerted by, on this device.

const PLACE = "wagate.alerts";
/** Chats that are muted at most; the oldest go first. */
const MOST_MUTED = 500;

interface Choices {
  sound: boolean;
  desktop: boolean;
  /** Ids of chats. */
  muted: string[];
}

let choices = $state.raw<Choices>(stored());

export const wantsSound = (): boolean => choices.sound;
export const wantsDesktop = (): boolean =>
  choices.desktop && canNotify() && Notification.permission === "granted";
export const isMuted = (chat: string): boolean => choices.muted.includes(chat);

/** Browsers have notifications on secure pages alone: not for a gateway in a local network. */
export const canNotify = (): boolean => "Notification" in globalThis && isSecureContext;

export function chooseSound(wanted: boolean): void {
  keep({ ...choices, sound: wanted });
}

/** Whether it is so now: the browser asks the person first, who may refuse. */
export async function chooseDesktop(wanted: boolean): Promise<boolean> {
  const isGranted = wanted && canNotify() && (await Notification.requestPermission()) === "granted";
  keep({ ...choices, desktop: isGranted });
  return isGranted;
}

export function mute(chat: string, wanted: boolean): void {
  const others = choices.muted.filter((each) => each !== chat);
  keep({ ...choices, muted: wanted ? [...others, chat].slice(-MOST_MUTED) : others });
}

function keep(next: Choices): void {
  choices = next;
  try {
    localStorage.setItem(PLACE, JSON.stringify(next));
  } catch {
    // No room is left: it holds for as long as the page.
  }
}

function stored(): Choices {
  const none = { sound: false, desktop: false, muted: [] };
  try {
    const found = JSON.parse(localStorage.getItem(PLACE) ?? "{}") as Partial<Choices>;
    const muted = Array.isArray(found.muted) ? found.muted.filter((each) => !!each) : [];
    return { sound: found.sound === true, desktop: found.desktop === true, muted };
  } catch {
    return none;
  }
}

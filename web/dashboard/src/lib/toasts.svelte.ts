// Short notes that pass by themselves. What a person must act on belongs on the page instead.

export interface Toast {
  id: number;
  tone: "good" | "bad";
  text: string;
}

const SHOWN_FOR = 5_000;
const MOST = 4;

let toasts = $state<Toast[]>([]);
let number = 0;

export function currentToasts(): Toast[] {
  return toasts;
}

export function toast(text: string, tone: Toast["tone"] = "good"): void {
  number += 1;
  const id = number;
  toasts = [...toasts, { id, tone, text }].slice(-MOST);
  setTimeout(() => dismiss(id), SHOWN_FOR);
}

export function dismiss(id: number): void {
  toasts = toasts.filter((each) => each.id !== id);
}

// DOM helpers: elements by id, new elements, and lists with minimal updates. No markup is parsed: a
// stranger's input is text only.

export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...content);
  return made;
}

/** A button within a list. Its part names it, so that focus finds it again when it is redrawn. */
export function button(part: string, label: string, act: () => void): HTMLButtonElement {
  const made = make("button", part, label);
  made.type = "button";
  made.dataset["part"] = part;
  made.addEventListener("click", act);
  return made;
}

/** Text for screen readers. */
export function hiddenText(text: string): HTMLSpanElement {
  return make("span", "visually-hidden", text);
}

const drawn = new WeakMap<HTMLElement, string>();

/**
 * Makes a list show these items. An item that is there and has not changed keeps its element, so
 * that focus, selection and place stay; what is redrawn gets its focus back.
 */
export function showList<T>(
  list: HTMLElement,
  items: readonly T[],
  keyOf: (item: T) => string,
  draw: (item: T) => HTMLElement,
): void {
  const focus = focusWithin(list);
  const before = new Map<string, HTMLElement>();
  for (const child of list.children) {
    if (child instanceof HTMLElement) before.set(child.dataset["key"] ?? "", child);
  }
  let place = list.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const value = JSON.stringify(item);
    let node = before.get(key);
    before.delete(key);
    if (!node || drawn.get(node) !== value) {
      const fresh = draw(item);
      fresh.dataset["key"] = key;
      drawn.set(fresh, value);
      if (node === place) place = node.nextElementSibling;
      node?.remove();
      node = fresh;
    }
    if (node === place) place = node.nextElementSibling;
    else list.insertBefore(node, place);
  }
  for (const gone of before.values()) gone.remove();
  restoreFocus(list, focus);
}

interface Focus {
  active: HTMLElement;
  key: string;
  part: string;
}

function focusWithin(list: HTMLElement): Focus | undefined {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || !list.contains(active)) return undefined;
  const item = active.closest<HTMLElement>("[data-key]");
  return { active, key: item?.dataset["key"] ?? "", part: active.dataset["part"] ?? "" };
}

function restoreFocus(list: HTMLElement, focus: Focus | undefined): void {
  if (!focus || document.activeElement === focus.active) return;
  for (const item of list.querySelectorAll<HTMLElement>("[data-key]")) {
    if (item.dataset["key"] !== focus.key) continue;
    const parts = [...item.querySelectorAll<HTMLElement>("[data-part]")];
    const same = parts.find((part) => part.dataset["part"] === focus.part) ?? parts[0];
    same?.focus({ preventScroll: true });
    return;
  }
}

// What a browser shows of a page that is not looked at: its title, and its icon among the tabs.
import mark from "../../assets/mark.svg";
import marked from "../../assets/mark-dot.svg";

const COUNT = /^\(\d+\+?\) /;

let count = 0;

/** Keeps the number in the title, whichever page sets that, until what is returned is called. */
export function followTitle(): () => void {
  const observer = new MutationObserver(show);
  observer.observe(document.head, { childList: true, subtree: true, characterData: true });
  return () => {
    observer.disconnect();
    showCount(0);
  };
}

export function showCount(wanted: number): void {
  count = wanted;
  show();
  const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  const address = count ? marked : mark;
  if (icon && icon.getAttribute("href") !== address) icon.href = address;
}

function show(): void {
  const bare = document.title.replace(COUNT, "");
  const wanted = count ? `(${count > 99 ? "99+" : count}) ${bare}` : bare;
  if (document.title !== wanted) document.title = wanted;
}

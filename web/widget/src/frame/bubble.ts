// A message in the list: its words, what is said of it, and the thumbs of an answer.
import type { Strings } from "../strings";
import { button, element, link, webAddress, withLinks } from "./dom";
import type { Message } from "./types";

type Thumb = "up" | "down";

export class Bubble {
  readonly line = element("li");
  private readonly words = element("div", { className: "words" });
  private readonly note = element("p", { className: "note" });
  private thumbs: HTMLElement | undefined;

  constructor(readonly role: Message["role"], private readonly strings: Strings) {
    this.line.className = role === "user" ? "user" : "other";
    this.words.dir = "auto";
    this.line.append(this.words, this.note);
  }

  /** The text alone, as it comes. */
  write(text: string): void {
    this.words.textContent = text;
  }

  get text(): string {
    return this.words.textContent;
  }

  /** The text with its links, and the file. */
  show(message: Pick<Message, "content" | "type" | "media_url" | "agent">): void {
    const { content, type, media_url: file, agent } = message;
    this.words.replaceChildren(...withLinks(content));
    const href = file ? webAddress(file) : null;
    if (href && type === "image") {
      const picture = element("img");
      picture.src = href;
      picture.alt = content || this.strings.file;
      this.words.prepend(picture);
    } else if (href) {
      this.words.prepend(link(this.strings.file, href), " ");
    }
    this.say(agent ?? "");
  }

  /** What stands below the message. */
  say(text: string, isBad = false): void {
    this.note.textContent = text;
    this.note.className = isBad ? "note bad" : "note";
  }

  /** Lets the visitor judge an answer. */
  ask(feedback: Thumb | null, given: (thumb: Thumb) => void): void {
    this.thumbs?.remove();
    const { helpful, unhelpful } = this.strings;
    const make = (thumb: Thumb, picture: string, label: string) => {
      const made = button(picture, "", () => {
        press(thumb);
        given(thumb);
      }, label);
      made.dataset.thumb = thumb;
      return made;
    };
    const both = [make("up", "👍", helpful), make("down", "👎", unhelpful)];
    const press = (chosen: Thumb | null) => both.forEach((one) => {
      one.ariaPressed = String(one.dataset.thumb === chosen);
    });
    press(feedback);
    this.thumbs = element("div", { className: "thumbs" }, ...both);
    this.line.append(this.thumbs);
  }
}

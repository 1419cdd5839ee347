// The form of a ticket: what it is about, where the visitor can be answered, and the tickets that
// the visitor has.
import type { Strings } from "../strings";
import { button, element } from "./dom";
import type { Draft, Ticket } from "./types";

export interface Tickets {
  tickets: () => Promise<Ticket[]>;
  open: (draft: Draft) => Promise<Ticket | null>;
}

const LONGEST_SUBJECT = 200;
const LONGEST_DETAILS = 5_000;

export class TicketForm {
  readonly form = element("form", { className: "ticket" });
  private readonly known = element("section");
  private readonly list = element("ul");
  private readonly subject = element("input");
  private readonly details = element("textarea");
  private readonly email = element("input");
  private readonly fault = element("p");
  private readonly send = element("button", { className: "send" });

  constructor(
    private readonly strings: Strings,
    private readonly actions: Tickets,
    private readonly after: { done: (words: string) => void },
  ) {
    const heading = element("h2", { text: strings.ticket });
    heading.id = "ticket";
    this.form.setAttribute("aria-labelledby", heading.id);
    this.form.hidden = true;
    this.subject.required = true;
    this.subject.maxLength = LONGEST_SUBJECT;
    this.details.maxLength = LONGEST_DETAILS;
    this.details.rows = 3;
    this.email.type = "email";
    this.email.autocomplete = "email";
    this.email.maxLength = LONGEST_SUBJECT;
    for (const field of [this.subject, this.details]) field.dir = "auto";
    this.fault.role = "alert";
    this.send.type = "submit";
    this.send.textContent = strings.submit;
    const cancel = button(strings.cancel, "plain", () => after.done(""));
    this.known.append(element("strong", { text: strings.tickets }), this.list);
    this.form.append(
      heading, this.known, labelled(strings.subject, this.subject),
      labelled(strings.details, this.details), labelled(strings.email, this.email), this.fault,
      element("div", {}, this.send, cancel),
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
  }

  /** Opens the form, with the tickets as they are now. */
  show(): void {
    this.fault.textContent = "";
    this.form.hidden = false;
    this.known.hidden = true;
    this.subject.focus();
    void this.actions.tickets().then((tickets) => {
      const { statuses } = this.strings;
      const line = ({ number, subject, status }: Ticket) =>
        element("li", { text: `${number} · ${subject} · ${statuses[status]}` });
      this.list.replaceChildren(...tickets.map(line));
      this.known.hidden = tickets.length === 0;
    });
  }

  private async submit(): Promise<void> {
    const subject = this.subject.value.trim();
    if (!subject || this.send.disabled) return;
    this.send.disabled = true;
    const [description, email] = [this.details.value.trim(), this.email.value.trim()];
    const ticket = await this.actions.open({ subject, description, email });
    this.send.disabled = false;
    if (!ticket) {
      this.fault.textContent = this.strings.unopened;
      return;
    }
    this.subject.value = "";
    this.details.value = "";
    this.after.done(this.strings.opened(ticket.number));
  }
}

function labelled(words: string, field: HTMLElement): HTMLLabelElement {
  return element("label", { text: words }, field);
}

// What somebody writes into a broadcast, new or waiting, and the request that becomes of it.
import {
  changeBroadcast, createBroadcast, createTemplate, type Broadcast, type Template,
} from "../../lib/api/broadcasts";
import { presentTime } from "../../lib/time.svelte";
import { parametersOf, slotsOf, valuesOf } from "../../lib/template";
import { isoTime, localTime, unique, wordsOf } from "../../lib/words";
import { EVERYBODY } from "./status";

export class BroadcastForm {
  name = $state("");
  kind = $state("template");
  templateId = $state("");
  text = $state("");
  values = $state<Record<string, string>>({});
  isForAll = $state("");
  tags = $state<string[]>([]);
  moreTags = $state("");
  session = $state("");
  when = $state("now");
  time = $state("");
  /** That which a text was saved as: a second try does not save it again. */
  private made: Template | null = null;

  /** With a broadcast that waits it begins with that. */
  constructor(private readonly templates: () => Template[], old?: Broadcast) {
    if (!old) return;
    this.name = old.name;
    this.templateId = old.templateId;
    this.isForAll = old.tags.includes(EVERYBODY) ? "all" : "";
    this.tags = old.tags.filter((tag) => tag !== EVERYBODY);
    this.session = old.sessionId;
    this.when = old.scheduledAt === null ? "now" : "later";
    this.time = old.scheduledAt === null ? "" : localTime(old.scheduledAt);
  }

  readonly template = $derived.by(() =>
    (this.kind === "template"
      ? this.templates().find(({ id }) => id === this.templateId)
      : undefined));

  readonly slots = $derived(slotsOf(this.template?.components ?? []));

  readonly audience = $derived(this.isForAll
    ? [EVERYBODY]
    : unique([...this.tags, ...wordsOf(this.moreTags)]));

  readonly startsAt = $derived.by(() => {
    const moment = Date.parse(this.time);
    return this.when === "later" && Number.isFinite(moment) ? moment : null;
  });

  /** Fields that are not filled in as they must be. */
  faults(): { message: boolean; audience: boolean; time: boolean; values: boolean } {
    const isFuture = this.startsAt !== null && presentTime() < this.startsAt;
    return {
      message: this.kind === "text" ? this.text.trim() === "" : !this.template,
      values: this.slots.some(({ key }) => !this.values[key]?.trim()),
      audience: this.audience.length === 0,
      time: this.when === "later" && !isFuture,
    };
  }

  /** Which template the preview is of: a text is marketing as the template that it becomes. */
  previewed() {
    const { template } = this;
    return {
      tags: this.audience,
      ...(template && { templateName: template.name, language: template.language }),
    };
  }

  /** What was typed into the variables of a broadcast's template, once that is read. */
  fill({ components }: Broadcast): void {
    this.values = valuesOf(this.slots, components);
  }

  async create(as: "draft" | "start"): Promise<Broadcast> {
    return createBroadcast({
      ...await this.content(),
      ...(this.startsAt !== null && { scheduledAt: isoTime(this.startsAt) }),
      ...(as === "start" && this.startsAt === null && { sendNow: true }),
    });
  }

  /** Without a time it is a draft. */
  async change(id: string): Promise<Broadcast> {
    const scheduledAt = this.startsAt === null ? null : isoTime(this.startsAt);
    return changeBroadcast(id, { ...await this.content(), scheduledAt });
  }

  private async content() {
    const template = this.template ?? await this.saveText();
    return {
      name: this.name.trim(),
      templateName: template.name,
      language: template.language,
      components: parametersOf(this.slots, this.values),
      tags: this.audience,
      ...(this.session && { sessionId: this.session }),
    };
  }

  private async saveText(): Promise<Template> {
    const body = this.text.trim();
    const known = this.made?.components[0]?.text === body ? this.made : null;
    this.made = known ?? await createTemplate({
      name: `text_${isoTime(presentTime()).replace(/\D/g, "")}`,
      language: "en",
      category: "MARKETING",
      components: [{ type: "BODY", text: body }],
    });
    return this.made;
  }
}

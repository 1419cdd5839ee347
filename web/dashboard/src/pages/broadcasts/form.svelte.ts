// What somebody writes into a new broadcast, and the request that becomes of it.
import {
  createBroadcast, createTemplate, type Broadcast, type Template,
} from "../../lib/api/broadcasts";
import { presentTime } from "../../lib/time.svelte";
import { parametersOf, slotsOf } from "../../lib/template";
import { isoTime, unique, wordsOf } from "../../lib/words";
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

  constructor(private readonly templates: () => Template[]) {}

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

  async create(as: "draft" | "start"): Promise<Broadcast> {
    const template = this.template ?? await this.saveText();
    return createBroadcast({
      name: this.name.trim(),
      templateName: template.name,
      language: template.language,
      components: parametersOf(this.slots, this.values),
      tags: this.audience,
      ...(this.session && { sessionId: this.session }),
      ...(this.startsAt !== null && { scheduledAt: isoTime(this.startsAt) }),
      ...(as === "start" && this.startsAt === null && { sendNow: true }),
    });
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

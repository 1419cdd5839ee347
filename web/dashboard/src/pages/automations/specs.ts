// Which fields the actions of rules and the steps of flows have.
import { automations as words } from "../../strings/automations";
import type { Spec, Specs } from "./parts";

const LONGEST_TEXT = 1_600;
const LONGEST_TITLE = 200;
const LONGEST_TAG = 50;

const said: Spec = { name: "text", kind: "lines", most: LONGEST_TEXT };
const tag: Spec = { name: "tag", kind: "text", most: LONGEST_TAG };
const next: Spec = { name: "next", kind: "step", isOptional: true };
const again: Spec[] = [
  { name: "retry", kind: "number", isOptional: true },
  { name: "onInvalid", kind: "text", isOptional: true, most: LONGEST_TEXT },
];

export const ACTIONS: Specs = {
  send_message: [said],
  add_tag: [tag],
  remove_tag: [tag],
  assign: [{ name: "user_id", kind: "person" }],
  set_status: [{ name: "status", kind: "choice", options: () => words.statuses }],
  handoff: [],
  create_ticket: [
    { name: "subject", kind: "text", most: LONGEST_TITLE },
    { name: "priority", kind: "choice", options: () => words.priorities, isOptional: true },
  ],
  create_task: [
    { name: "title", kind: "text", most: LONGEST_TITLE },
    { name: "assignee_id", kind: "person" },
    { name: "due_in_minutes", kind: "number", isOptional: true },
  ],
  pause_bot: [],
  add_note: [said],
  call_webhook: [{ name: "webhook_id", kind: "webhook" }],
};

export const STEPS: Specs = {
  message: [
    { ...said, isOptional: true },
    { name: "mediaId", kind: "file", isOptional: true },
    next,
  ],
  menu: [said, ...again, next],
  question: [
    said,
    { name: "saveTo", kind: "text", most: 61 },
    { name: "validate", kind: "choice", options: () => words.validations, isOptional: true },
    ...again,
    next,
  ],
  condition: [next, { name: "otherwise", kind: "step", isOptional: true }],
  tag: [
    { name: "add", kind: "words", isOptional: true },
    { name: "remove", kind: "words", isOptional: true },
    next,
  ],
  assign: [{ name: "userId", kind: "person" }],
  handoff: [{ name: "message", kind: "lines", isOptional: true, most: LONGEST_TEXT }],
  wait: [{ name: "minutes", kind: "number" }, next],
  end: [{ name: "resolve", kind: "yes" }],
};

// Tickets and tasks as one kind of row: what differs between the two is here alone.
import {
  changeTask, changeTicket, createTask, createTicket, deleteTask, listTasks, listTickets,
  type Priority, type Task, type Ticket,
} from "../../lib/api/work";
import { oneOf } from "../../lib/words";
import { work } from "../../strings/work";

export interface Item {
  id: string;
  /** Of a ticket alone. */
  number: number | null;
  title: string;
  description: string | null;
  /** Who asked for a ticket. */
  requester: string | null;
  status: Status;
  priority: Priority;
  assignee: { id: string; name: string | null } | null;
  dueAt: string | null;
  createdAt: string;
  /** The conversation that it is about. */
  conversation: string | null;
}

export type Status = Ticket["status"] | Task["status"];

export interface Filter {
  /** Tickets are those of one bot. */
  bot: string;
  status: string;
  priority: string;
  /** Of tickets an assignee, of tasks a scope; empty for the usual ones. */
  whose: string;
  page: number;
}

/** What is given by a form; an empty text or time stands for none. */
export interface Draft {
  title: string;
  description: string | null;
  requester: string | null;
  priority: Priority;
  assignee: string | null;
  dueAt: string | null;
}

export interface Kind {
  name: "tickets" | "tasks";
  /** Those that are no longer worked on are behind the last that is. */
  statuses: readonly Status[];
  /** What an item gets that is through. */
  done: Status;
  size: number;
  list: (filter: Filter) => Promise<{ items: Item[]; total: number }>;
  create: (draft: Draft, bot: string) => Promise<Item>;
  change: (id: string, draft: Draft) => Promise<Item>;
  setStatus: (id: string, status: Status) => Promise<Item>;
  assign: (id: string, person: string) => Promise<Item>;
  remove?: (id: string) => Promise<unknown>;
}

const SIZE = 25;
const TICKET_STATUSES = ["open", "pending", "resolved", "closed"] as const;
const TASK_STATUSES = ["open", "done"] as const;

const ofTicket = (ticket: Ticket): Item => ({
  ...shared(ticket),
  number: ticket.number,
  title: ticket.subject,
  requester: ticket.requester,
  status: ticket.status,
});

const ofTask = (task: Task): Item => ({
  ...shared(task), number: null, title: task.title, requester: null, status: task.status,
});

const shared = (item: Ticket | Task) => ({
  id: item.id,
  description: item.description,
  priority: item.priority,
  assignee: item.assignee,
  dueAt: item.due_at,
  createdAt: item.created_at,
  conversation: item.session_id,
});

const fieldsOf = (draft: Draft) => ({
  description: draft.description, priority: draft.priority, due_at: draft.dueAt,
});

const ticketFields = (draft: Draft) => ({
  ...fieldsOf(draft), subject: draft.title, requester: draft.requester, assignee_id: draft.assignee,
});

const taskFields = (draft: Draft) => ({
  // Nobody is refused: a task is somebody's.
  ...fieldsOf(draft), title: draft.title, assignee_id: draft.assignee ?? "",
});

export const tickets: Kind = {
  name: "tickets",
  statuses: TICKET_STATUSES,
  done: "resolved",
  size: SIZE,
  list: async ({ bot, status, priority, whose, page }) => {
    const query = { status, priority, assigned_to: whose, page, per_page: SIZE };
    const found = await listTickets(bot, query);
    return { items: found.tickets.map(ofTicket), total: found.total };
  },
  create: async (draft, bot) =>
    ofTicket(await createTicket({ ...ticketFields(draft), bot_id: bot })),
  change: async (id, draft) => ofTicket(await changeTicket(id, ticketFields(draft))),
  setStatus: async (id, status) =>
    ofTicket(await changeTicket(id, { status: oneOf(work.tickets.statuses, status) })),
  assign: async (id, person) => ofTicket(await changeTicket(id, { assignee_id: person })),
};

export const tasks: Kind = {
  name: "tasks",
  statuses: TASK_STATUSES,
  done: "done",
  size: SIZE,
  list: async ({ status, priority, whose, page }) => {
    const found = await listTasks({ status, priority, scope: whose, page, per_page: SIZE });
    return { items: found.tasks.map(ofTask), total: found.total };
  },
  create: async (draft) => ofTask(await createTask(taskFields(draft))),
  change: async (id, draft) => ofTask(await changeTask(id, taskFields(draft))),
  setStatus: async (id, status) =>
    ofTask(await changeTask(id, { status: oneOf(work.tasks.statuses, status) })),
  assign: async (id, person) => ofTask(await changeTask(id, { assignee_id: person })),
  remove: deleteTask,
};

/** The name under which the gateway speaks of the title. */
export const titleField = ({ name }: Kind): string => (name === "tickets" ? "subject" : "title");

export const STATUS_TONES = {
  open: "warn", pending: "busy", resolved: "good", closed: "quiet", done: "good",
} as const satisfies Record<Status, string>;

/** Whether somebody still has to do something about it. */
export const isOpen = ({ status }: Item): boolean => status === "open" || status === "pending";

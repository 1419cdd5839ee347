// The ways to tickets and tasks.
import { ask, type Query } from "./client";
import { inPath } from "./gateway";
import type { Schemas } from "./types";

export type Ticket = Schemas["WorkspaceTicket"];
export type TicketDraft = Schemas["WorkspaceTicketDraft"];
export type TicketChange = Schemas["WorkspaceTicketChange"];
export type Task = Schemas["WorkspaceTask"];
export type TaskDraft = Schemas["WorkspaceTaskDraft"];
export type TaskChange = Schemas["WorkspaceTaskChange"];
export type Priority = Ticket["priority"];

const TICKETS = "api/v1/tickets";
const TASKS = "api/v1/tasks";

/** A page of the tickets of a bot. */
export const listTickets = (bot: string, query: Query) =>
  ask<Schemas["WorkspaceTickets"]>(`${TICKETS}/${inPath(bot)}`, { query });

export const createTicket = (draft: TicketDraft) =>
  ask<Ticket>(TICKETS, { method: "POST", body: draft });

export const changeTicket = (id: string, change: TicketChange) =>
  ask<Ticket>(`${TICKETS}/${inPath(id)}`, { method: "PUT", body: change });

export const listTasks = (query: Query) => ask<Schemas["WorkspaceTasks"]>(TASKS, { query });

export const createTask = (draft: TaskDraft) =>
  ask<Task>(TASKS, { method: "POST", body: draft });

export const changeTask = (id: string, change: TaskChange) =>
  ask<Task>(`${TASKS}/${inPath(id)}`, { method: "PUT", body: change });

export const deleteTask = (id: string) =>
  ask<unknown>(`${TASKS}/${inPath(id)}`, { method: "DELETE" });

// The ways to presence and notifications.
import { ask } from "./client";
import { inPath } from "./gateway";
import type {
  MemberPresence, Notification, NotificationPage, Presence, PresenceWord,
} from "./people-types";

const PRESENCE = "api/v1/presence";
const NOTIFICATIONS = "api/v1/notifications";
const PAGE = 100;

/** Says that one is here, and how one is seen. */
export const readOwnPresence = () =>
  ask<Presence>(`${PRESENCE}/heartbeat`, { method: "POST", body: {} });
export const setOwnPresence = (status: PresenceWord) =>
  ask<Presence>(`${PRESENCE}/status`, { method: "PUT", body: { status } });
export const listPresence = () =>
  ask<{ members: MemberPresence[] }>(`${PRESENCE}/team`, { query: { per_page: PAGE } })
    .then(({ members }) => members);

export const listNotifications = (size: number) =>
  ask<NotificationPage>(NOTIFICATIONS, { query: { per_page: size } });
export const countNotifications = () =>
  ask<{ unread_count: number }>(`${NOTIFICATIONS}/unread-count`)
    .then((answer) => answer.unread_count);
export const readNotification = (id: string) =>
  ask<Notification>(`${NOTIFICATIONS}/read/${inPath(id)}`, { method: "PUT" });
export const readAllNotifications = () =>
  ask<unknown>(`${NOTIFICATIONS}/read-all`, { method: "PUT" });

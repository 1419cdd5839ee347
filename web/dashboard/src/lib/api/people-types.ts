// Who is here, and what they are notified of, by the dashboard's names.
import type { Schemas } from "./types";

export type Presence = Schemas["WorkspacePresence"];
export type PresenceWord = Presence["status"];
export type MemberPresence = Schemas["WorkspaceMemberPresence"];
export type Notification = Schemas["WorkspaceNotification"];
export type NotificationPage = Schemas["WorkspaceNotifications"];

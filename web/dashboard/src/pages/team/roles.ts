// Which roles may be given away.
import type { Role } from "../../lib/api/account-types";

const ROLES: Role[] = ["OWNER", "ADMIN", "AGENT", "VIEWER"];

/** Owners are made by owners alone. */
export const rolesFor = (isOwner: boolean): Role[] => (isOwner ? ROLES : ROLES.slice(1));

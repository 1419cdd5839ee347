// The ways to sign-ins, one's own account, and the people and teams of the workspace.
import { ask } from "./client";
import type {
  Invitation, Login, Me, Member, MemberChange, NewMember, Person, Registered, Registration,
  ResetCode, Role, SecondStep, SignedIn, Team, TeamInvite, TeamMembers, TotpSetup,
} from "./account-types";
import { inPath } from "./gateway";

const AUTH = "api/v1/auth";
const USERS = "api/v1/users";
const TEAMS = "api/v1/teams";
/** Members of a team that are shown at most. */
const PAGE = 100;

const post = <T>(path: string, body: unknown = {}) => ask<T>(path, { method: "POST", body });
/** A refusal is of what the body bears, and leaves the present credential as it is. */
const attempt = <T>(path: string, body: unknown, method: "POST" | "DELETE" = "POST") =>
  ask<T>(path, { method, body, isSignIn: true });

export const signIn = (email: string, password: string) =>
  attempt<SignedIn | SecondStep>(`${AUTH}/login`, { email, password });

export const takeSecondStep = (token: string, code: string) =>
  attempt<SignedIn>(`${AUTH}/totp/verify`, { temp_token: token, code });

export const register = (draft: Registration) => attempt<Registered>(`${AUTH}/register`, draft);

export const forgetPassword = (email: string) =>
  attempt<unknown>(`${AUTH}/forgot-password`, { email });

export const choosePassword = (email: string, code: string, password: string) =>
  attempt<unknown>(`${AUTH}/reset-password`, { email, code, new_password: password });

export const changePassword = (present: string, next: string) =>
  ask<unknown>(`${AUTH}/password`, {
    method: "PUT", body: { current_password: present, new_password: next },
  });
export const changeOwnName = (name: string) =>
  ask<{ user: Person }>(`${AUTH}/me`, { method: "PATCH", body: { name } });
/** Whether anybody has an account by now. */
export const hasAccounts = () =>
  ask<{ has_accounts: boolean }>(`${AUTH}/status`, { isSignIn: true })
    .then((answer) => answer.has_accounts);

export const readMe = () => ask<Me>(`${AUTH}/me`);
export const signOutHere = () => attempt<unknown>(`${AUTH}/logout`, {});

export const verifyAddress = (code: string) =>
  attempt<{ user: Person }>(`${AUTH}/verify-email`, { code });
export const mailAnotherCode = () => attempt<unknown>(`${AUTH}/resend-verification`, {});

export const beginTotp = () => attempt<TotpSetup>(`${AUTH}/totp/setup`, {});
export const confirmTotp = (code: string) =>
  attempt<{ recovery_codes: string[] }>(`${AUTH}/totp/verify`, { code });
export const disableTotp = (password: string, code: string) =>
  attempt<unknown>(`${AUTH}/totp`, { password, code }, "DELETE");

export const listLogins = () =>
  ask<{ logins: Login[] }>(`${AUTH}/logins`).then(({ logins }) => logins);
export const endLogin = (id: string) =>
  ask<unknown>(`${AUTH}/logins/${inPath(id)}`, { method: "DELETE" });

export const listMembers = () =>
  ask<{ users: Member[] }>(USERS).then(({ users }) => users);
export const createMember = (draft: { email: string; name: string; role: Role }) =>
  post<NewMember>(USERS, draft);
export const changeMember = (id: string, change: MemberChange) =>
  ask<Member>(`${USERS}/${inPath(id)}`, { method: "PATCH", body: change });
export const removeMember = (id: string) =>
  ask<unknown>(`${USERS}/${inPath(id)}`, { method: "DELETE" });
export const makeResetCode = (id: string) =>
  post<ResetCode>(`${USERS}/${inPath(id)}/reset-code`);
export const takeTotp = (id: string) =>
  ask<unknown>(`${USERS}/${inPath(id)}/totp`, { method: "DELETE" });

export const listInvitations = () =>
  ask<{ invites: Invitation[] }>(`${USERS}/invitations`).then(({ invites }) => invites);
export const invite = (email: string, role: Role) =>
  post<{ invite: Invitation }>(`${USERS}/invitations`, { email, role })
    .then((answer) => answer.invite);
export const withdrawInvitation = (id: string) =>
  ask<unknown>(`${USERS}/invitations/${inPath(id)}`, { method: "DELETE" });

export const listTeams = () =>
  ask<{ teams: Team[] }>(TEAMS, { query: { per_page: PAGE } }).then(({ teams }) => teams);
export const createTeam = (name: string) => post<Team>(TEAMS, { name });
export const readTeam = (id: string) =>
  ask<TeamMembers>(`${TEAMS}/${inPath(id)}/members`, { query: { per_page: PAGE } });
export const inviteToTeam = (id: string, email: string, role: "admin" | "agent" | "viewer") =>
  post<{ invite: TeamInvite }>(`${TEAMS}/${inPath(id)}/invite`, { email, role })
    .then((answer) => answer.invite);
export const removeFromTeam = (id: string, person: string) =>
  ask<unknown>(`${TEAMS}/${inPath(id)}/members/${inPath(person)}`, { method: "DELETE" });


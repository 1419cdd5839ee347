// What sign-in, account and team take and answer, by the dashboard's names.
import type { Schemas } from "./types";

export type Me = Schemas["WorkspaceMe"];
export type Person = Schemas["WorkspaceUser"];
export type Role = Person["role"];
export type SignedIn = Schemas["WorkspaceSession"];
export type SecondStep = Schemas["WorkspaceSecondStep"];
export type Registered = Schemas["WorkspaceRegistration"];
export type Registration = Schemas["RegistrationBody"];
export type Login = Schemas["WorkspaceLogin"];
export type TotpSetup = Schemas["WorkspaceTotpSetup"];
export type Member = Schemas["WorkspaceMember"];
export type NewMember = Schemas["WorkspaceNewMember"];
export type MemberChange = Schemas["UserChangeBody"];
export type Invitation = Schemas["WorkspaceInvitation"];
export type ResetCode = Schemas["WorkspaceResetCode"];
export type Team = Schemas["WorkspaceTeam"];
export type TeamMembers = Schemas["WorkspaceTeamMembers"];
export type TeamMember = Schemas["WorkspaceTeamMember"];
export type TeamInvite = Schemas["WorkspaceTeamInvite"];
export type TeamRole = TeamMember["role"];

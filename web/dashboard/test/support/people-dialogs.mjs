// The dialogs of people's pages, for whom they open, and how.
import { askAs, makePerson, OWNER, totp } from "./people.mjs";
import { button, choose, press } from "./keyboard.mjs";

/** People for these dialogs, by their tokens; the one called `totp` has a second factor. */
export async function makePeople(gateway) {
  const owner = await makePerson(gateway, OWNER);
  const ask = (method, path, body) => askAs(gateway, owner, method, path, body);
  await makePerson(gateway, { email: "grace@example.com", name: "Grace", role: "AGENT" }, owner);
  await makePerson(gateway, { email: "tess@example.com", name: "Tess", role: "AGENT" }, owner);
  await ask("POST", "/api/v1/teams", { name: "Support" });
  const password = { email: "tess@example.com", password: OWNER.password };
  const { token } = await askAs(gateway, "", "POST", "/api/v1/auth/login", password);
  const { secret } = await askAs(gateway, token, "POST", "/api/v1/auth/totp/setup");
  await askAs(gateway, token, "POST", "/api/v1/auth/totp/verify", { code: totp(secret) });
  return { owner, totp: token };
}

const inTeams = async (page) => {
  await press(page, page.getByRole("tab", { name: "People" }), "ArrowRight");
  await button(page, "Add member").waitFor();
};

export const peopleDialogs = [
  {
    of: "account/Password", at: "#/account", as: "owner", field: "Current password",
    open: (page) => press(page, button(page, "Change password")),
  },
  {
    of: "account/TotpSetup", at: "#/account", as: "owner", field: "Code from the app",
    open: (page) => press(page, button(page, "Set up")),
  },
  {
    of: "account/TotpOff", at: "#/account", as: "totp", field: "Password",
    open: (page) => press(page, button(page, "Turn off")),
  },
  {
    of: "team/InviteDialog", at: "#/team", as: "owner", field: "E-mail address",
    open: (page) => press(page, button(page, "Invite")),
  },
  {
    of: "team/ResetCodeDialog", at: "#/team", as: "owner", heading: "A password code for Grace",
    open: (page) => choose(page, button(page, "Actions for Grace"), "Make a password code"),
  },
  {
    of: "team/People", at: "#/team", as: "owner", heading: "Remove Grace?",
    open: (page) => choose(page, button(page, "Actions for Grace"), "Remove account"),
  },
  {
    of: "team/Teams", at: "#/team", as: "owner", field: "Name",
    open: async (page) => {
      await inTeams(page);
      await press(page, button(page, "New team"));
    },
  },
  {
    of: "team/TeamCard", at: "#/team", as: "owner", field: "E-mail address",
    open: async (page) => {
      await inTeams(page);
      await press(page, button(page, "Add member"));
    },
  },
  {
    of: "inbox/ViewDialog", at: "#/inbox", as: "owner", field: "Name",
    open: (page) => choose(page, button(page, "View"), "Save view"),
  },
];

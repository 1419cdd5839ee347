// The words of the ways in: sign-in, second step, forgotten passwords, invitations.
import { translated } from "./translated";

export const words = translated("signIn", {
  title: "Sign in",
  lead: "To this gateway's workspace.",
  email: "E-mail address",
  password: "Password",
  action: "Sign in",
  wrong: "The e-mail address or the password is wrong.",
  remember: "Remember this device",
  rememberHint: "Until you sign out, or the sign-in expires. Otherwise until this tab is closed.",
  forgot: "Forgot your password?",
  back: "Back to sign-in",
  or: "or with an API key",
  keyAction: "Use this key",
  code: {
    title: "Two-factor authentication",
    lead: "Enter the code that your authenticator app shows now, or one of your recovery codes.",
    label: "Code",
    action: "Continue",
    wrong: "This code is wrong, or was used already.",
    over: "This took too long. Sign in again.",
  },
  forgotten: {
    title: "Forgot your password?",
    lead:
      "A code goes to your e-mail address, if it belongs to an account. Where the gateway sends "
      + "no mail, an administrator makes a code for you.",
    action: "Send a code",
    have: "I have a code",
  },
  reset: {
    title: "Choose a new password",
    lead: "The code has six digits, and is good for a few minutes. All your sign-ins end.",
    code: "Code",
    password: "New password",
    action: "Change password",
    wrong: "This code is wrong or expired.",
    done: "Password changed. Sign in with the new one.",
  },
  join: {
    title: "Accept your invitation",
    lead: "Make your account. Use the e-mail address that was invited.",
    noCode: "This address lacks the code of the invitation. Open the link from your mail again.",
    action: "Create account",
  },
  welcome: {
    title: "Create the first account",
    lead:
      "The first account owns the workspace. It is made on the gateway's own machine, or after "
      + "you came in with an API key for everything. All others are invited.",
    link: "New here? Create the first account",
    nobody:
      "Nobody has an account here yet. Come in with the gateway's first API key below, then create "
      + "the first account.",
    company: "Company",
  },
  name: "Your name",
  passwordHint: "At least 8 characters, with a letter and a digit.",
  needed: {
    title: "Sign in to work here",
    text: "This page belongs to people. On the gateway's machine you can come in without a "
      + "credential, but conversations, contacts and teams need to know who you are.",
    first: "Create the first account",
  },
});

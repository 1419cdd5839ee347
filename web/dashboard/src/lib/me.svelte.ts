// Who is signed in, and what their role allows. A key of nobody's has no person behind it.
import { readMe, signOutHere } from "./api/account";
import type { Me } from "./api/account-types";
import { Failure } from "./api/failure";
import { currentKey, signOut } from "./credential.svelte";

let me = $state.raw<Me | undefined>();

export function currentMe(): Me | undefined {
  return me;
}

/** Finds out whose the present credential is. */
export async function meet(): Promise<void> {
  me = undefined;
  if (currentKey()) await meetAgain();
}

/** The same, without a time in between in which nobody is known. */
export async function meetAgain(): Promise<void> {
  try {
    me = await readMe();
  } catch (error) {
    // A key of nobody's is refused with 403.
    if (!(error instanceof Failure) || error.status !== 403) throw error;
    me = undefined;
  }
}

/** Whether one may change anything: the role VIEWER reads alone. */
export function mayWrite(): boolean {
  return me?.user.role !== "VIEWER";
}

/** Whether the person administers the workspace. */
export function isAdministrator(): boolean {
  return me?.user.role === "OWNER" || me?.user.role === "ADMIN";
}

/** The same of a key of nobody's, which says so by what it may read. */
export function mayAdminister(mayReadKeys: boolean): boolean {
  return me ? isAdministrator() : mayReadKeys;
}

/** Ends the sign-in at the gateway too. A gateway that is away forgets it when its time is over. */
export async function leave(): Promise<void> {
  if (me) {
    try {
      await signOutHere();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
  me = undefined;
  signOut();
}

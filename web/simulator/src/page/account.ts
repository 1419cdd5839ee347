// Who the page is logged in as, and the one thing that it keeps: the credential.
import { client } from "./client";
import { Wid, idText } from "./ids";
import type { Me } from "../protocol";

const CREDENTIAL = "simulated-credential";

interface Identity {
  pn: Wid;
  lid: Wid | undefined;
  name: string;
}

class Account {
  me: Identity | undefined;
  /** Telephone identity to hidden identity, and back, as far as the network told. */
  private readonly lids = new Map<string, Wid>();

  get credential(): string | null {
    return localStorage.getItem(CREDENTIAL);
  }
  keep(credential: string): void {
    localStorage.setItem(CREDENTIAL, credential);
  }
  forget(): void {
    localStorage.removeItem(CREDENTIAL);
    this.me = undefined;
  }

  become(me: Me): void {
    this.me = {
      pn: new Wid(me.id),
      lid: me.lid ? new Wid(me.lid) : undefined,
      name: me.pushName ?? "",
    };
    if (me.lid) this.learn(me.id, me.lid);
  }
  /** The id that the account goes by in chats and in what it does itself. */
  get own(): Wid | undefined {
    return (client.lidMigrated && this.me?.lid) || this.me?.pn;
  }
  /** A person as this account's chats name them. */
  inChats(id: Wid): Wid {
    return (client.lidMigrated && id.isUser() && this.toLid(id)) || id;
  }
  isMe(id: unknown): boolean {
    return Boolean(this.me && (this.me.pn.equals(id) || this.me.lid?.equals(id)));
  }

  learn(pn: string, lid: string): void {
    // Whoever had one of them before has it no more.
    for (const former of [this.lids.get(pn), this.lids.get(lid)]) this.lids.delete(String(former));
    this.lids.set(pn, new Wid(lid));
    this.lids.set(lid, new Wid(pn));
  }
  toLid(id: Wid): Wid | undefined {
    return id.isLid() ? id : this.lids.get(String(idText(id)));
  }
  toPhone(id: Wid): Wid | undefined {
    return id.isLid() ? this.lids.get(String(idText(id))) : id;
  }
}

export const account = new Account();

/** A key pair of this page, as its QR code names it; the network does not look at it. */
const keys = new Map<string, Uint8Array>();
export function pageKey(name: string): { pubKey: Uint8Array } {
  const pubKey = keys.get(name) ?? crypto.getRandomValues(new Uint8Array(32));
  keys.set(name, pubKey);
  return { pubKey };
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

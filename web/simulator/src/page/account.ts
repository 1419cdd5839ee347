// Account of the page: identity, and the credential, which the page persists.
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
  /** Pairs of telephone identity and hidden identity, in both directions. */
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
  /** The account's own id in chats and as an author. */
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
    // Removes former pairs of either id.
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

/** A public key for the QR code. The network ignores it. */
const keys = new Map<string, Uint8Array>();
export function pageKey(name: string): { pubKey: Uint8Array } {
  const pubKey = keys.get(name) ?? crypto.getRandomValues(new Uint8Array(32));
  keys.set(name, pubKey);
  return { pubKey };
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

// Addresses and message keys, in the form in which the web client holds them.

/* eslint-disable @typescript-eslint/no-explicit-any -- callers pass ids in every form */
/** The text of an id, of whatever holds one. */
export function idText(id: any): string | undefined {
  if (id === undefined || id === null) return undefined;
  if (typeof id === "string") return id;
  if (id instanceof Wid || id instanceof MsgKey) return id.toString();
  if (typeof id._serialized === "string") return id._serialized;
  return id.id === undefined ? String(id) : idText(id.id);
}

export class Wid {
  readonly user: string;
  readonly server: string;
  readonly device?: number;
  readonly _serialized: string;

  constructor(given: unknown) {
    const text = String(idText(given)).replace("@s.whatsapp.net", "@c.us");
    const [whole = "", server = "c.us"] = text.split("@");
    const [user = "", device] = whole.split(":");
    this.user = user;
    this.server = server;
    if (device) this.device = Number(device);
    this._serialized = `${whole}@${server}`;
  }

  static of(given: unknown): Wid {
    return given instanceof Wid ? given : new Wid(given);
  }

  toString(): string {
    return this._serialized;
  }
  toJid(): string {
    return this._serialized.replace("@c.us", "@s.whatsapp.net");
  }
  toLogString(): string {
    return this._serialized;
  }
  equals(other: unknown): boolean {
    return Boolean(other) && idText(other) === this._serialized;
  }
  isLid(): boolean {
    return this.server === "lid";
  }
  isUser(): boolean {
    return this.server === "c.us" || this.isLid();
  }
  isRegularUser(): boolean {
    return this.isUser();
  }
  isRegularUserPn(): boolean {
    return this.server === "c.us";
  }
  isGroup(): boolean {
    return this.server === "g.us";
  }
  isNewsletter(): boolean {
    return this.server === "newsletter";
  }
  isBroadcast(): boolean {
    return this.server === "broadcast";
  }
  isStatus(): boolean {
    return this._serialized === "status@broadcast";
  }
  isStatusV3(): boolean {
    return this.isStatus();
  }
  isBot(): boolean {
    return this.server === "bot";
  }
  isGroupCall(): boolean {
    return false;
  }
  isPSA(): boolean {
    return false;
  }
  isSupportAccount(): boolean {
    return false;
  }
  isIAS(): boolean {
    return false;
  }
  isServer(): boolean {
    return false;
  }
  isCAPISupportAccount(): boolean {
    return false;
  }
  isHosted(): boolean {
    return false;
  }
  isEligibleForUSync(): boolean {
    return true;
  }
  getJidServer(): string {
    return this.server;
  }
  getSignalAddress(): string {
    return this._serialized;
  }

  static isXWid(server: string, given: unknown): boolean {
    return Boolean(given) && Wid.of(given).server === server;
  }
  static isWid(given: unknown): boolean {
    return /^[^@]+@(c\.us|lid|g\.us|broadcast|newsletter|bot)$/.test(idText(given) ?? "");
  }
  static isUser(given: unknown): boolean {
    return Boolean(given) && Wid.of(given).isUser();
  }
  static isGroup(given: unknown): boolean {
    return Boolean(given) && Wid.of(given).isGroup();
  }
  static isNewsletter(given: unknown): boolean {
    return Boolean(given) && Wid.of(given).isNewsletter();
  }
  static isBroadcast(given: unknown): boolean {
    return Boolean(given) && Wid.of(given).isBroadcast();
  }
  static isStatus(given: unknown): boolean {
    return Boolean(given) && Wid.of(given).isStatus();
  }
  static isStatusV3(given: unknown): boolean {
    return Wid.isStatus(given);
  }
  static isLid(given: unknown): boolean {
    return Boolean(given) && Wid.of(given).isLid();
  }
  static isPSA(): boolean {
    return false;
  }
  static isBot(given: unknown): boolean {
    return Boolean(given) && Wid.of(given).isBot();
  }
}

const widOrNothing = (given: unknown): Wid | undefined =>
  given === undefined || given === null ? undefined : Wid.of(given);

export class MsgKey {
  readonly fromMe: boolean;
  readonly remote: Wid;
  readonly id: string;
  readonly participant?: Wid;
  /** Of a message to oneself: as the device that sent it has it, or as another. */
  readonly self?: "out" | "in";
  readonly _serialized: string;

  constructor(given: any) {
    if (!given) throw new Error("MsgKey error: obj is null/undefined");
    const directed = given.selfDir !== undefined || given.from !== undefined;
    this.fromMe = directed ? given.selfDir !== "in" : Boolean(given.fromMe);
    this.remote = Wid.of(directed ? (this.fromMe ? given.to : given.from) : given.remote);
    this.id = String(given.id);
    const participant = widOrNothing(given.participant);
    if (participant) this.participant = participant;
    const isToOneself = directed && String(idText(given.from)) === String(idText(given.to));
    const self = given.self ?? (isToOneself ? given.selfDir : undefined);
    if (self) this.self = self;
    const parts = [String(this.fromMe), this.remote.toString(), this.id];
    const last = participant?.toString() ?? this.self;
    this._serialized = [...parts, ...(last ? [last] : [])].join("_");
  }

  toString(): string {
    return this._serialized;
  }
  clone(): MsgKey {
    return new MsgKey(this);
  }
  equals(other: unknown): boolean {
    return idText(other) === this._serialized;
  }
  static fromString(given: unknown): MsgKey {
    if (given instanceof MsgKey) return given;
    const [fromMe, remote, id, participant] = String(idText(given)).split("_");
    if (participant === "out" || participant === "in")
      return new MsgKey({ fromMe: fromMe === "true", remote, id, self: participant });
    return new MsgKey({ fromMe: fromMe === "true", remote, id, participant });
  }
  static from(given: unknown): MsgKey {
    return MsgKey.fromString(given);
  }
  static newId(): Promise<string> {
    return Promise.resolve(`3EB0${randomHex(9).toUpperCase()}`);
  }
}

export function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

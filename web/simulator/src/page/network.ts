// WebSocket to the simulated network: requests with answers, and pushes. Reconnects by itself
// with a growing pause. It knows nothing of the content.
import type { Answer, NumberedAnswer, Push, RefusalKind, Request } from "../protocol";

const ANSWER_DEADLINE = 30_000;
const LONGEST_PAUSE = 5_000;

type AnswerKind = Answer["answer"];

interface PendingRequest {
  take: (answer: Answer) => void;
  fail: (error: Error) => void;
}

export interface Handlers {
  onOpen: () => void;
  onPush: (push: Push) => void;
  onLost: () => void;
}

/** Kinds of refusals that a rule of WhatsApp forbids. */
const FORBIDDEN = new Set<RefusalKind>([
  "notAllowed",
  "notAdmin",
  "notMember",
  "deleted",
  "tooLate",
  "noText",
]);

export class NetworkRefusal extends Error {
  /** The status of the web client's own errors. */
  readonly status: number | undefined;

  constructor(
    readonly kind: RefusalKind,
    reason: string,
    readonly code?: number,
  ) {
    super(reason);
    this.name = "NetworkRefusal";
    this.status = FORBIDDEN.has(kind) ? 403 : undefined;
  }
}

class Network {
  private socket: WebSocket | undefined;
  private next = 1;
  private pause = 250;
  private isOffline = false;
  private handlers: Handlers | undefined;
  private readonly pending = new Map<number, PendingRequest>();

  /** Connects, and stays connected from then on. */
  start(handlers: Handlers): void {
    this.handlers = handlers;
    this.connect();
  }

  private connect(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/_network`);
    this.socket = socket;
    socket.onopen = () => {
      this.pause = 250;
      this.handlers?.onOpen();
    };
    socket.onmessage = (message) => this.take(String(message.data));
    socket.onclose = () => this.lost();
  }

  /** While the account is offline, requests wait without a deadline. */
  setOffline(isOffline: boolean): void {
    this.isOffline = isOffline;
  }

  async ask<K extends AnswerKind>(
    request: Request,
    kind: K,
  ): Promise<Extract<Answer, { answer: K }>> {
    const answer = await this.send(request);
    if (answer.answer !== kind)
      throw new Error(`the network answered ${answer.answer}, not ${kind}`);
    return answer as Extract<Answer, { answer: K }>;
  }

  private send(request: Request): Promise<Answer> {
    const socket = this.socket;
    if (socket?.readyState !== WebSocket.OPEN)
      return Promise.reject(new Error("not connected to the network"));
    const number = this.next++;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(deadline);
        this.pending.delete(number);
      };
      const expire = (): void => {
        if (this.isOffline) {
          deadline = setTimeout(expire, ANSWER_DEADLINE);
          return;
        }
        settle();
        reject(new Error(`no answer of the network to ${request.request} within 30 s`));
      };
      let deadline = setTimeout(expire, ANSWER_DEADLINE);
      this.pending.set(number, {
        take: (answer) => {
          settle();
          resolve(answer);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      });
      socket.send(JSON.stringify({ number, request }));
    });
  }

  private take(text: string): void {
    const frame = JSON.parse(text) as Push | NumberedAnswer;
    if ("push" in frame) {
      this.handlers?.onPush(frame);
      return;
    }
    const request = this.pending.get(frame.number);
    if (!request) return;
    const { answer } = frame;
    if ("Ok" in answer) request.take(answer.Ok);
    else request.fail(new NetworkRefusal(answer.Err.kind, answer.Err.reason, answer.Err.code));
  }

  private lost(): void {
    for (const request of [...this.pending.values()])
      request.fail(new Error("the connection to the network was lost"));
    this.handlers?.onLost();
    setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }
}

export const network = new Network();

// The page's line to the simulated network: requests with answers, and what the network pushes.
// It reconnects by itself and knows nothing of what is said over it.
import type { Answer, Answers, NumberedAnswer, Push, Request } from "../protocol";

const ANSWER_DEADLINE = 30_000;
const LONGEST_PAUSE = 5_000;

interface Waiting {
  take: (answer: Answer) => void;
  fail: (error: Error) => void;
}

/** What is forbidden by a rule; the rest is a failure like any other. */
const FORBIDDEN = new Set(["notAllowed", "notAdmin", "notMember", "deleted", "tooLate", "noText"]);

export class NetworkRefusal extends Error {
  /** As the web client's own errors of its server have it. */
  readonly status: number | undefined;

  constructor(
    readonly kind: string,
    reason: string,
    readonly code?: number,
  ) {
    super(reason);
    this.name = "NetworkRefusal";
    this.status = FORBIDDEN.has(kind) ? 403 : undefined;
  }
}

export class Line {
  private socket: WebSocket | undefined;
  private next = 1;
  private pause = 250;
  private isCut = false;
  private readonly waiting = new Map<number, Waiting>();

  constructor(
    private readonly onOpen: () => void,
    private readonly onPush: (push: Push) => void,
    private readonly onLost: () => void,
  ) {}

  connect(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/_network`);
    this.socket = socket;
    socket.onopen = () => {
      this.pause = 250;
      this.onOpen();
    };
    socket.onmessage = (message) => this.take(String(message.data));
    socket.onclose = () => this.lost();
  }

  /** While the line is cut, answers wait with it: none of them is late. */
  cut(isCut: boolean): void {
    this.isCut = isCut;
  }

  async ask<K extends keyof Answers>(request: Request, kind: K): Promise<Answers[K]> {
    const answer = await this.send(request);
    if (answer.answer !== kind)
      throw new Error(`the network answered ${answer.answer}, not ${kind}`);
    return answer as unknown as Answers[K];
  }

  private send(request: Request): Promise<Answer> {
    const socket = this.socket;
    if (socket?.readyState !== WebSocket.OPEN)
      return Promise.reject(new Error("no line to the network"));
    const number = this.next++;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(deadline);
        this.waiting.delete(number);
      };
      const expire = (): void => {
        if (this.isCut) {
          deadline = setTimeout(expire, ANSWER_DEADLINE);
          return;
        }
        settle();
        reject(new Error(`the network gave no answer to ${request.request}`));
      };
      let deadline = setTimeout(expire, ANSWER_DEADLINE);
      this.waiting.set(number, {
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
    const said = JSON.parse(text) as Push | NumberedAnswer;
    if ("push" in said) {
      this.onPush(said);
      return;
    }
    const waiting = this.waiting.get(said.number);
    if (!waiting) return;
    if ("Ok" in said) waiting.take(said.Ok);
    else waiting.fail(new NetworkRefusal(said.Err.kind, said.Err.reason, said.Err.code));
  }

  private lost(): void {
    for (const waiting of [...this.waiting.values()])
      waiting.fail(new Error("the line to the network was lost"));
    this.onLost();
    setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }
}

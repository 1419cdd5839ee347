// The latest events of a conversation list or thread. A response in flight may be older than an
// event that arrived meanwhile, so these events are applied again to the response.
import type { GatewayEvent } from "../../lib/api/types";

/** More than come while one answer is on its way. */
const MOST = 500;

/** The name of the message that an event is about. */
export const messageOf = ({ data }: GatewayEvent): unknown => data["messageId"] ?? data["id"];

export class RecentEvents {
  /** How many events were added in all. */
  count = 0;
  private readonly latest: GatewayEvent[] = [];

  add(event: GatewayEvent): void {
    this.count += 1;
    this.latest.push(event);
    if (MOST < this.latest.length) this.latest.shift();
  }

  /** The events after the first `count`; null where some of them were dropped. */
  since(count: number): GatewayEvent[] | null {
    const wanted = this.count - count;
    return wanted <= this.latest.length ? this.latest.slice(this.latest.length - wanted) : null;
  }

  /** The stored events of one message. */
  about(message: string): GatewayEvent[] {
    return this.latest.filter((event) => messageOf(event) === message);
  }
}

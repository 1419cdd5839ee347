// What was told of late. An answer that is on its way meanwhile may have left the gateway before:
// what was told is made true again on what it brings.
import type { GatewayEvent } from "../../lib/api/types";

/** More than come while one answer is on its way. */
const MOST = 500;

/** The name of the message that an event is about. */
export const messageOf = ({ data }: GatewayEvent): unknown => data["messageId"] ?? data["id"];

export class Told {
  /** How many were told of in all. */
  count = 0;
  private readonly latest: GatewayEvent[] = [];

  add(event: GatewayEvent): void {
    this.count += 1;
    this.latest.push(event);
    if (MOST < this.latest.length) this.latest.shift();
  }

  /** What came after so many; null where it is not all held any more. */
  since(count: number): GatewayEvent[] | null {
    const wanted = this.count - count;
    return wanted <= this.latest.length ? this.latest.slice(this.latest.length - wanted) : null;
  }

  /** What is held of one message. */
  about(message: string): GatewayEvent[] {
    return this.latest.filter((event) => messageOf(event) === message);
  }
}

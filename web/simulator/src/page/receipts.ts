// Receipts of a message by recipient, requested from the network at every look-up.
import { Collection, Model } from "./base";
import { network } from "./network";
import { Wid } from "./ids";
import { seconds } from "./inbound";
import { findMessage, networkId } from "./models";
import type { Receipt } from "../protocol";

export class MsgInfoModel extends Model {
  get proxyName(): string {
    return "msgInfo";
  }
}

export class MsgInfoCollection extends Collection<MsgInfoModel> {
  static override model = MsgInfoModel;
  override async find(id: unknown): Promise<MsgInfoModel> {
    const message = findMessage(id);
    const name = message ? networkId(message) : String(id);
    const request = { request: "receipts", message: name } as const;
    const { receipts } = await network.ask(request, "receipts");
    const who = (time: (each: Receipt) => string | null): object[] =>
      receipts.flatMap((each) => {
        const at = time(each);
        return at === null ? [] : [{ id: new Wid(each.participant), t: seconds(at) }];
      });
    const [delivery, read, played] = [
      who((each) => each.deliveredAt),
      who((each) => each.readAt),
      who((each) => each.playedAt),
    ];
    const counts = {
      deliveryRemaining: receipts.length - delivery.length,
      readRemaining: receipts.length - read.length,
      playedRemaining: receipts.length - played.length,
    };
    return new MsgInfoModel({ id, delivery, read, played, ...counts });
  }
}

// Commands of the application. Some only emit an event, which listeners of the main screen carry
// out that follow a while after it. There is no main_loaded: the real client dropped it.
import { Emitter } from "./base";
import { client } from "./client";
import { importNamespace, type Exports } from "./loader";
import { stores, type ChatModel, type MsgModel } from "./models";

export class Cmd extends Emitter {
  isMainLoaded = false;
  declare refreshQR?: () => void;

  constructor(
    refreshQr: () => void,
    private readonly logOut: () => Promise<void>,
  ) {
    super();
    if (client.refreshQr) this.refreshQR = refreshQr;
  }

  logout(): Promise<void> {
    return this.logOut();
  }
  archiveChat(chat: ChatModel, archived: boolean): void {
    this.trigger("archive_chat", chat, archived);
  }
  sendRevokeMsgs(chat: ChatModel, what: Exports): void {
    this.trigger("send_revoke_msgs", chat, what["list"] ?? what);
  }
  sendDeleteMsgs(chat: ChatModel, what: Exports): void {
    this.trigger("send_delete_msgs", chat, what["list"] ?? what);
  }
  openChatBottom(given: Exports): Promise<boolean> {
    const chosen: unknown = given["chat"] ?? given;
    for (const chat of stores.chats) chat["active"] = chat === chosen;
    return Promise.resolve(true);
  }
  openChatAt(given: Exports): Promise<boolean> {
    return this.openChatBottom(given);
  }
  openChatFromUnread(given: Exports): Promise<boolean> {
    return this.openChatBottom(given);
  }
  closeChat(chat: ChatModel): void {
    chat["active"] = false;
  }
  sendStarMsgs(_chat: ChatModel, messages: Iterable<MsgModel>): void {
    for (const message of messages) message["star"] = true;
  }

  /** The main screen is there: its listeners come a while later. */
  showMainScreen(): void {
    this.isMainLoaded = true;
    if (client.listenersAfter !== null) setTimeout(() => this.listen(), client.listenersAfter);
  }

  private isListening = false;

  private listen(): void {
    if (this.isListening) return;
    this.isListening = true;
    const actions: [event: string, module: string, name: string][] = [
      ["archive_chat", "WAWebSetArchiveChatAction", "setArchive"],
      ["send_revoke_msgs", "WAWebSendRevokeMsgAction", "sendRevokeMsgs"],
      ["send_delete_msgs", "WAWebSendDeleteMsgAction", "sendDeleteMsgs"],
    ];
    for (const [event, module, name] of actions) {
      this.on(event, (...what: unknown[]) => {
        const carriedOut: Promise<void> = importNamespace(module)[name](...what);
        // No caller waits for it: the real screen shows a notice.
        carriedOut.catch((error: unknown) => console.warn(`${event} failed:`, error));
      });
    }
  }
}

// How this page behaves where versions and accounts of the real client differ. The network chooses
// it for the pages that are loaded from then on; mirrors src/simulator/web_client.rs.

export interface WebClient {
  /** Milliseconds from the main screen until its listeners carry out commands; null for never. */
  listenersAfter: number | null;
  refreshQr: boolean;
  logoutEvent: boolean;
  leavesWhenUnlinked: boolean;
  lidMigrated: boolean;
  endlessSyncing: boolean;
  groupDetails: boolean;
}

const USUAL: WebClient = {
  listenersAfter: 30,
  refreshQr: true,
  logoutEvent: true,
  leavesWhenUnlinked: true,
  lidMigrated: false,
  endlessSyncing: false,
  groupDetails: true,
};

const chosen = (window as { simulatedClient?: Partial<WebClient> }).simulatedClient;
export const client: WebClient = { ...USUAL, ...chosen };

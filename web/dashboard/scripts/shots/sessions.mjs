// The views of the sessions.

export const shots = [
  {
    name: "sessions",
    hash: "#/sessions",
    ready: (page) => page.getByRole("link", { name: "support" }).waitFor(),
  },
  {
    name: "sessions-empty",
    hash: "#/sessions",
    empty: true,
    ready: (page) => page.getByText("Link your first phone").waitFor(),
  },
  {
    name: "session-create",
    hash: "#/sessions",
    ready: async (page) => {
      await page.getByRole("button", { name: "New session" }).click();
      await page.getByLabel("Name").fill("orders");
      await page.getByText("Proxy and options").click();
      await page.getByLabel("Proxy", { exact: true }).selectOption("socks5");
    },
  },
  {
    name: "session-link",
    hash: "#/sessions/support",
    ready: (page) => page.getByRole("img", { name: "The QR code" }).waitFor(),
  },
  {
    name: "session-code",
    hash: "#/sessions/support",
    ready: async (page) => {
      await page.getByRole("tab", { name: "Use pairing code" }).click();
      await page.getByLabel("Phone number").fill("+1 555 765 4321");
      await page.getByRole("button", { name: "Get pairing code" }).click();
      await page.getByText("Valid for another").waitFor();
    },
  },
  {
    name: "session",
    hash: "#/sessions/shop",
    ready: async (page) => {
      await page.getByText("On the simulated network").waitFor();
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("Reply received").first().waitFor();
    },
  },
  {
    name: "session-failed",
    hash: "#/sessions/night-shift?tab=log",
    ready: (page) => page.getByText("nobody scanned the QR code in time").last().waitFor(),
  },
  {
    name: "session-remove",
    hash: "#/sessions/shop",
    ready: async (page) => {
      await page.getByRole("button", { name: "Actions for shop" }).click();
      await page.getByRole("menuitem", { name: "Remove" }).click();
      await page.getByRole("heading", { name: "Remove shop?" }).waitFor();
    },
  },
];

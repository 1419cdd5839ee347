// The views of the webhooks.

const open = async (page, url) => {
  await page.getByRole("link", { name: url }).click();
  await page.getByRole("heading", { level: 1, name: url }).waitFor();
};

export const shots = [
  {
    name: "webhooks",
    hash: "#/webhooks",
    ready: (page) => page.getByRole("link", { name: "/orders" }).waitFor(),
  },
  {
    name: "webhooks-empty",
    hash: "#/webhooks",
    empty: true,
    ready: (page) => page.getByRole("button", { name: "New webhook" }).waitFor(),
  },
  {
    name: "webhooks-create",
    hash: "#/webhooks",
    ready: async (page) => {
      await page.getByRole("link", { name: "/orders" }).waitFor();
      await page.getByRole("button", { name: "New webhook" }).click();
      await page.getByLabel("Only these").check();
      await page.getByLabel("message", { exact: true }).check();
      await page.getByRole("button", { name: "Add a header" }).click();
    },
  },
  {
    name: "webhook-deliveries",
    hash: "#/webhooks",
    ready: async (page) => {
      await open(page, "/crm");
      await page.locator("summary").filter({ hasText: "503" }).first().click();
      await page.getByText("Attempt 1", { exact: true }).first().waitFor();
    },
  },
  {
    name: "webhook-off",
    hash: "#/webhooks",
    ready: async (page) => {
      await open(page, "/old");
      await page.getByText("Disabled by the gateway").waitFor();
    },
  },
  {
    name: "webhook-settings",
    hash: "#/webhooks",
    ready: async (page) => {
      await open(page, "/orders");
      await page.getByRole("tab", { name: "Settings" }).click();
      await page.getByRole("button", { name: "Save" }).waitFor();
    },
  },
  {
    name: "webhook-verify",
    hash: "#/webhooks",
    ready: async (page) => {
      await open(page, "/orders");
      await page.getByRole("tab", { name: "Verify signatures" }).click();
      await page.getByText("createServer").first().waitFor();
    },
  },
];

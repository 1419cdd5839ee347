// The views of the settings.

export const shots = [
  {
    name: "settings",
    hash: "#/settings",
    ready: async (page) => {
      await page.getByText("data folder").waitFor();
      await page.getByText("reports").waitFor();
      await page.getByText("Running for").waitFor();
    },
  },
  {
    name: "settings-key",
    hash: "#/settings",
    ready: async (page) => {
      await page.getByRole("button", { name: "New key" }).click();
      await page.getByLabel("Name").fill("newsletter");
      await page.getByLabel("Everything").uncheck();
      await page.getByLabel("Send messages").check();
    },
  },
];

// The views of the event log.

export const shots = [
  {
    name: "events",
    hash: "#/events",
    ready: async (page) => {
      await page.getByRole("listbox").getByRole("option").first().waitFor();
      const list = page.getByRole("listbox");
      await list.focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
    },
  },
  {
    name: "events-detail",
    hash: "#/events?name=message",
    ready: async (page) => {
      await page.getByRole("listbox").getByRole("option").first().click();
      await page.getByRole("button", { name: "Only this chat" }).waitFor();
    },
  },
  {
    name: "events-terminal",
    hash: "#/events?session=shop&name=message",
    withKey: false,
    ready: async (page) => {
      await page.getByRole("button", { name: "From a terminal" }).click();
      await page.getByText("websocat", { exact: true }).waitFor();
    },
  },
  {
    name: "events-empty",
    hash: "#/events",
    empty: true,
    ready: (page) => page.getByText("Nothing has happened yet").waitFor(),
  },
];

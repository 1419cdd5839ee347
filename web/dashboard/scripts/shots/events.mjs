// The views of the event log.

export const shots = [
  {
    name: "events",
    hash: "#/events",
    ready: (page) => page.getByRole("listbox").getByRole("option").first().waitFor(),
  },
  {
    name: "events-detail",
    hash: "#/events?name=message&chat=15550000013",
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
    ready: (page) => page.getByText("No events yet").waitFor(),
  },
];

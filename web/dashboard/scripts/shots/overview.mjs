// The views of the overview.

export const shots = [
  {
    name: "overview",
    hash: "#/?minutes=15",
    ready: async (page) => {
      // A sample is taken every ten seconds.
      await page.getByText(/^[1-9]\d* in, [1-9]\d* out$/).waitFor();
      await page.locator(".u-over").nth(4).waitFor();
      await page.getByText("Running for").waitFor();
    },
  },
  {
    name: "overview-empty",
    empty: true,
    ready: async (page) => {
      await page.getByText("Link your first phone").waitFor();
      await page.locator(".u-over").nth(4).waitFor();
    },
  },
];

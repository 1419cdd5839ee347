// The views of what surrounds the pages.

export const shots = [
  {
    name: "sign-in",
    withKey: true,
    ready: (page) => page.getByRole("button", { name: "Sign in" }).waitFor(),
  },
  {
    name: "not-found",
    hash: "#/nowhere",
    ready: (page) => page.getByText("Page not found").waitFor(),
  },
];

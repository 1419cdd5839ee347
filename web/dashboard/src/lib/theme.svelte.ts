// Light, dark, or as the system has it.

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const PLACE = "wagate.theme";

const first = stored();
let theme = $state<Theme>(first);
show(first);

export function currentTheme(): Theme {
  return theme;
}

export function chooseTheme(chosen: Theme): void {
  theme = chosen;
  show(chosen);
  localStorage.setItem(PLACE, chosen);
}

function stored(): Theme {
  const word = localStorage.getItem(PLACE);
  return THEMES.find((known) => known === word) ?? "system";
}

function show(chosen: Theme): void {
  if (chosen === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset["theme"] = chosen;
}

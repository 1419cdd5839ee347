// The small pictures, as one line each.

// Drawn on 24 by 24 with round ends.
export const SHAPES = {
  overview: "M4 19V11M10 19V5M16 19v-6M22 19H2",
  sessions: "M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15"
    + "A1.5 1.5 0 0 1 8 3zM11 18h2",
  chat: "M4 5h16v11H10l-4.5 4v-4H4z",
  events: "M3 12h4l3-7 4 14 3-7h4",
  webhooks: "M12 8.5a3 3 0 1 0-3-3M12 8.5l-4 7M6 15a3 3 0 1 0 3 3h6M17.5 15a3 3 0 1 1-2.5 3"
    + "M12 5.500l4.500 9.300",
  settings: "M4 8h8.500M17.500 8H20M17.500 8a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z"
    + "M4 16h2.500M11.500 16H20M11.500 16a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z",
  plus: "M12 5v14M5 12h14",
  more: "M6 12a1 1 0 1 1-2 0 1 1 0 0 1 2 0zM13 12a1 1 0 1 1-2 0 1 1 0 0 1 2 0z"
    + "M20 12a1 1 0 1 1-2 0 1 1 0 0 1 2 0z",
  copy: "M9 9h11v11H9zM15 5H4v11",
  check: "M5 12.500l4.500 4.500L19 7.500",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  warning: "M12 4l9.500 16h-19zM12 10v4.500M12 17.500h.01",
  search: "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zM15.500 15.500L20 20",
  outside: "M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9",
  pause: "M8 5v14M16 5v14",
  play: "M7 5l12 7-12 7z",
  terminal: "M4 6l6 6-6 6M12 18h8",
  up: "M12 19V5M6 11l6-6 6 6",
  key: "M15 4a5 5 0 1 1-3.500 8.500L4 20v-3M9 15l2 2",
  refresh: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
} as const;

export type IconName = keyof typeof SHAPES;

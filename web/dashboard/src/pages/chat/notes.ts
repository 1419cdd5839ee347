// What was begun to be written in each conversation, for as long as the page lives.
export const notes = new Map<string, string>();

// What was begun to be written in each conversation, for as long as the page lives: its text, and
// the files that are to go with it.
export const notes = new Map<string, string>();
export const attached = new Map<string, File[]>();

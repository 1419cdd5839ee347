// Reads server-sent events out of a stream of text. `EventSource` would, but cannot bear a header.

export interface ServerEvent {
  id: string | null;
  name: string;
  data: string;
}

/** Feeds on pieces of any size; gives the events that each completes. */
export class EventReader {
  /** Of the newest event, or of the place where the stream begins. */
  id: string | null = null;
  private rest = "";
  private name = "";
  private data: string[] = [];

  read(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const lines = (this.rest + piece).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.take(line.endsWith("\r") ? line.slice(0, -1) : line);
      if (event) events.push(event);
    }
    return events;
  }

  private take(line: string): ServerEvent | null {
    if (line === "") return this.complete();
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    // A line that begins with a colon is a comment: a sign of life.
    if (field === "id") this.id = value;
    else if (field === "event") this.name = value;
    else if (field === "data") this.data.push(value);
    return null;
  }

  private complete(): ServerEvent | null {
    const { name, data } = this;
    [this.name, this.data] = ["", []];
    return data.length ? { id: this.id, name: name || "message", data: data.join("\n") } : null;
  }
}

// A small network for the page's tests: one account, spoken to over HTTP and WebSocket on loopback.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { WebSocketServer } from "ws";

export const ME = {
  id: "447700900001@c.us",
  lid: "100000000000001@lid",
  pushName: "Me",
  platform: "simulated",
};
export const ALICE = "447700900002@c.us";
const person = (id, name) => ({
  id,
  lid: null,
  name,
  shortName: name,
  pushName: name,
  inAddressBook: true,
  onWhatsapp: true,
  business: false,
  blocked: false,
  picture: null,
});

const PLAIN = { mentions: [], forwarded: false, edited: false, reactions: [] };
const member = (id) => ({ id, admin: false, owner: false });

export async function startNetwork() {
  const state = {
    credentials: new Set(),
    messages: [],
    groups: [],
    media: new Map(),
    seen: [],
    sockets: new Set(),
    archived: false,
    unread: 0,
  };
  const now = () => new Date().toISOString();
  const push = (value) => state.sockets.forEach((socket) => socket.send(JSON.stringify(value)));
  const happened = (event) => push({ push: "happened", event });
  const chat = (id, name) => ({
    id,
    name,
    unread: state.unread,
    archived: state.archived,
    pinned: false,
    mutedUntil: null,
    lastActivity: now(),
    lastMessage: null,
  });
  const snapshot = () => ({
    push: "snapshot",
    me: ME,
    contacts: [person(ALICE, "Alice")],
    chats: [chat(ALICE, "Alice"), ...state.groups.map((g) => chat(g.id, g.name))],
    groups: state.groups,
    messages: state.messages.slice(-20),
    identities: [],
  });
  const link = () => {
    const credential = randomBytes(8).toString("hex");
    state.credentials.add(credential);
    push({ push: "linked", credential, me: ME });
    push(snapshot());
  };
  const incoming = (body, key = randomBytes(6).toString("hex"), extra = {}) => {
    const message = {
      id: `false_${ALICE}_${key}`,
      author: ALICE,
      kind: "text",
      body,
      timestamp: now(),
      ack: "delivered",
      pushName: "Alice",
      media: null,
      quoted: null,
      ...PLAIN,
      ...extra,
    };
    state.messages.push(message);
    happened({ type: "message", message });
    return message.id;
  };
  const answers = {
    hello: ({ credential }) => (
      setImmediate(() =>
        state.credentials.has(credential)
          ? push(snapshot())
          : push({ push: "reference", reference: "2@reference-1", attempt: 1, expiresAt: now() }),
      ),
      { answer: "done" }
    ),
    refreshReferences: () => (
      push({ push: "reference", reference: "2@reference-2", attempt: 1, expiresAt: now() }),
      { answer: "done" }
    ),
    pairingCode: () => ({ answer: "pairingCode", code: "ABCD1234", expiresAt: now() }),
    send: ({ key, chat: to, content, quoted }) => {
      const id = `true_${to}_${key}`;
      const media =
        content.type === "media"
          ? { mime: content.mime, size: 70, filename: content.filename }
          : null;
      const kind = media
        ? content.kind
        : content.type === "contactCards"
          ? "contactCard"
          : content.type;
      const message = {
        id,
        author: ME.id,
        kind,
        body: content.body ?? content.caption ?? "",
        timestamp: now(),
        ack: "sent",
        pushName: "Me",
        media,
        quoted,
        ...PLAIN,
      };
      state.messages.push(message);
      return { answer: "sent", sent: { id, timestamp: message.timestamp, ack: "sent" }, message };
    },
    history: ({ chat: of, before, limit }) => {
      const all = state.messages.filter((each) => each.id.split("_")[1] === of);
      const end = before ? all.findIndex((each) => each.id === before) : all.length;
      return { answer: "messages", messages: all.slice(Math.max(0, end - limit), end) };
    },
    media: () => ({
      answer: "media",
      media: [...state.media.keys()].at(-1),
      mime: "image/png",
      size: 70,
    }),
    exists: ({ id }) => ({
      answer: "exists",
      contact: id.startsWith("999") ? null : person(id, id === ALICE ? "Alice" : null),
    }),
    group: ({ id }) => ({ answer: "group", group: state.groups.find((each) => each.id === id) }),
    createGroup: ({ name, participants }) => {
      const group = {
        id: "120363000000000001@g.us",
        name,
        description: null,
        owner: ME.id,
        createdAt: now(),
        participants: [
          { id: ME.id, admin: true, owner: true },
          ...participants.map(member),
        ],
      };
      state.groups.push(group);
      return {
        answer: "groupCreated",
        group,
        participants: participants.map((id) => ({ id, status: 200, inviteCode: null })),
      };
    },
    addParticipants: ({ participants }) => (
      state.groups[0].participants.push(...participants.map(member)),
      {
        answer: "participants",
        participants: participants.map((id) => ({ id, status: 200, inviteCode: null })),
      }
    ),
    removeParticipants: ({ participants }) => (
      (state.groups[0].participants = state.groups[0].participants.filter(
        (each) => !participants.includes(each.id),
      )),
      {
        answer: "participants",
        participants: participants.map((id) => ({ id, status: 200, inviteCode: null })),
      }
    ),
    logOut: () => (state.credentials.clear(), { answer: "done" }),
  };
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    if (path === "/")
      return response.setHeader("content-type", "text/html").end(readFileSync("dist/index.html"));
    if (path === "/page.js")
      return response
        .setHeader("content-type", "text/javascript")
        .end(readFileSync("dist/page.js"));
    if (path === "/_network/media") {
      const parts = [];
      request
        .on("data", (part) => parts.push(part))
        .on("end", () => {
          const media = randomBytes(4).toString("hex");
          state.media.set(media, Buffer.concat(parts));
          response.end(JSON.stringify({ media }));
        });
      return undefined;
    }
    const bytes = state.media.get(path.split("/").at(-1));
    if (!bytes) response.statusCode = 404;
    return response.end(bytes);
  });
  new WebSocketServer({ server, path: "/_network" }).on("connection", (socket) => {
    state.sockets.add(socket);
    socket.on("close", () => state.sockets.delete(socket));
    socket.on("message", (text) => {
      const { number, request } = JSON.parse(text);
      state.seen.push(request);
      const answer = (answers[request.request] ?? (() => ({ answer: "done" })))(request);
      socket.send(JSON.stringify({ number, answer: { Ok: answer } }));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    state,
    push,
    happened,
    link,
    incoming,
    address: `http://127.0.0.1:${server.address().port}/`,
    close: () => (state.sockets.forEach((socket) => socket.terminate()), server.close()),
  };
}

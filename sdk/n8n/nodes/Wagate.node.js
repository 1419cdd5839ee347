"use strict";

const { call, ofSession } = require("./call.js");

const shownFor = (...operations) => ({ displayOptions: { show: { operation: operations } } });
const text = (displayName, name, more = {}) =>
  ({ displayName, name, type: "string", default: "", ...more });
const number = (displayName, name, more) =>
  ({ displayName, name, type: "number", default: 0, typeOptions: { numberPrecision: 6 }, ...more });

/** Each operation: the last part of its path, and what of its fields becomes the body. */
const OPERATIONS = {
  text: { path: "send-text", body: (field) => ({ content: field("content") }) },
  location: {
    path: "send-location",
    body: (field) => ({
      latitude: field("latitude"),
      longitude: field("longitude"),
      ...(field("title") && { name: field("title") }),
    }),
  },
  poll: {
    path: "send-poll",
    body: (field) => ({ question: field("question"), options: field("options").split("\n").filter(Boolean) }),
  },
  file: { path: "send-file" },
  image: { path: "send-image" },
};

/** Sends messages. */
class Wagate {
  description = {
    displayName: "wagate",
    name: "wagate",
    group: ["output"],
    version: 1,
    subtitle: "={{$parameter.operation}}",
    description: "Send WhatsApp messages by a wagate gateway",
    defaults: { name: "wagate" },
    inputs: ["main"],
    outputs: ["main"],
    credentials: [{ name: "wagateApi", required: true }],
    properties: [
      {
        displayName: "Operation",
        name: "operation",
        type: "options",
        noDataExpression: true,
        default: "text",
        options: [
          { name: "Send Text", value: "text", action: "Send a text" },
          { name: "Send Image", value: "image", action: "Send an image" },
          { name: "Send File", value: "file", action: "Send a file" },
          { name: "Send Location", value: "location", action: "Send a location" },
          { name: "Send Poll", value: "poll", action: "Send a poll" },
        ],
      },
      text("Session", "session", { required: true }),
      text("Chat ID", "chatId", { required: true, description: "An ID such as 15550000011@c.us, or a telephone number" }),
      text("Text", "content", { typeOptions: { rows: 3 }, ...shownFor("text") }),
      text("Binary Field", "binary", { default: "data", ...shownFor("image", "file") }),
      text("Caption", "caption", shownFor("image", "file")),
      number("Latitude", "latitude", shownFor("location")),
      number("Longitude", "longitude", shownFor("location")),
      text("Title", "title", shownFor("location")),
      text("Question", "question", shownFor("poll")),
      text("Options", "options", {
        typeOptions: { rows: 3 },
        description: "One a line",
        ...shownFor("poll"),
      }),
      text("Quoted Message ID", "quotedMessageId"),
      {
        displayName: "Wait for the Session",
        name: "queue",
        type: "boolean",
        default: true,
        description: "Whether a message waits in the outbox while the session is not ready",
      },
      text("Idempotency Key", "once", {
        description: "Sends with the same key are sent once, such as {{ $json.id }} of an event of the trigger",
      }),
    ],
  };

  async execute() {
    const results = [];
    for (const [index] of this.getInputData().entries()) {
      try {
        results.push({ json: await send(this, index), pairedItem: { item: index } });
      } catch (error) {
        if (!this.continueOnFail()) throw error;
        results.push({ json: { error: error.message }, pairedItem: { item: index } });
      }
    }
    return [results];
  }
}

async function send(node, index) {
  const field = (name) => node.getNodeParameter(name, index, "");
  const { path, body } = OPERATIONS[field("operation")];
  const special = body ? body(field) : await fileOf(node, index, field);
  const common = { chatId: field("chatId"), queue: field("queue") === true };
  const quoted = field("quotedMessageId");
  const whole = { ...common, ...special, ...(quoted && { quotedMessageId: quoted }) };
  const once = field("once");
  const headers = once ? { "Idempotency-Key": once } : {};
  return call(node, "POST", `${ofSession(field("session"))}/${path}`, whole, headers);
}

async function fileOf(node, index, field) {
  const { mimeType, fileName } = node.helpers.assertBinaryData(index, field("binary"));
  const bytes = await node.helpers.getBinaryDataBuffer(index, field("binary"));
  const caption = field("caption");
  return {
    data: `data:${mimeType};base64,${bytes.toString("base64")}`,
    filename: fileName || "file",
    ...(caption && { caption }),
  };
}

module.exports = { Wagate };

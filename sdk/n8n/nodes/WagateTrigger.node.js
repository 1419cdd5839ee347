"use strict";

const { createHmac, timingSafeEqual } = require("node:crypto");

const { call, ofSession } = require("./call.js");

/** Seconds by which a delivery may be old, or ahead of this clock. */
const TOLERANCE = 300;
const EVENTS = [
  "message", "message_sent", "ack", "message_edit", "message_revoked", "reaction", "poll_vote", "ready", "disconnected",
  "failed", "qr", "group_join", "group_leave", "group_update", "presence", "call",
];

/** Starts a flow with each event. Registers its webhook when the flow is activated, and removes it afterwards. */
class WagateTrigger {
  description = {
    displayName: "wagate Trigger",
    name: "wagateTrigger",
    group: ["trigger"],
    version: 1,
    subtitle: "={{$parameter.events.join(', ')}}",
    description: "Start with events of a wagate gateway",
    defaults: { name: "wagate Trigger" },
    inputs: [],
    outputs: ["main"],
    credentials: [{ name: "wagateApi", required: true }],
    webhooks: [{ name: "default", httpMethod: "POST", responseMode: "onReceived", path: "webhook" }],
    properties: [
      { displayName: "Session", name: "session", type: "string", default: "", required: true },
      {
        displayName: "Events",
        name: "events",
        type: "multiOptions",
        default: ["message"],
        options: EVENTS.map((name) => ({ name, value: name })),
      },
    ],
  };

  webhookMethods = {
    default: {
      async checkExists() {
        const { webhookId } = this.getWorkflowStaticData("node");
        if (!webhookId) return false;
        return call(this, "GET", `${hooksOf(this)}/${webhookId}`).then(() => true, () => false);
      },
      async create() {
        const body = { url: this.getNodeWebhookUrl("default"), events: this.getNodeParameter("events") };
        const { id, secret } = await call(this, "POST", hooksOf(this), body);
        const kept = this.getWorkflowStaticData("node");
        // The secret is shown with a new webhook alone; for one that was there another is made.
        const rotated = secret ?? (await call(this, "POST", `${hooksOf(this)}/${id}/rotate-secret`)).secret;
        Object.assign(kept, { webhookId: id, secret: rotated });
        return true;
      },
      async delete() {
        const kept = this.getWorkflowStaticData("node");
        if (kept.webhookId) await call(this, "DELETE", `${hooksOf(this)}/${kept.webhookId}`).catch(() => undefined);
        delete kept.webhookId;
        delete kept.secret;
        return true;
      },
    },
  };

  async webhook() {
    const { rawBody, headers } = this.getRequestObject();
    const { secret } = this.getWorkflowStaticData("node");
    if (!isGenuine(secret, headers, rawBody)) {
      const response = this.getResponseObject();
      response.status(401).json({ error: "the signature is not genuine" });
      return { noWebhookResponse: true };
    }
    return { workflowData: [[{ json: JSON.parse(rawBody.toString("utf8")) }]] };
  }
}

function hooksOf(node) {
  return `${ofSession(node.getNodeParameter("session"))}/webhooks`;
}

/** Whether a delivery is signed as Standard Webhooks has it. */
function isGenuine(secret, headers, body) {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": given } = headers;
  const age = Math.abs(Date.now() / 1_000 - Number(at));
  if (!secret || !given || !(age <= TOLERANCE)) return false;
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const digest = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64");
  const expected = Buffer.from(`v1,${digest}`);
  return given.split(" ").some((each) => {
    const signature = Buffer.from(each);
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  });
}

module.exports = { WagateTrigger };

"use strict";

/** Calls the gateway with the credentials of a node, and gives what a successful answer carries. */
async function call(node, method, path, body, headers = {}) {
  const { url } = await node.getCredentials("wagateApi");
  const options = { method, url: `${url.replace(/\/+$/, "")}/api/v1${path}`, headers, json: true };
  if (body !== undefined) options.body = body;
  const answer = await node.helpers.httpRequestWithAuthentication.call(node, "wagateApi", options);
  return answer.data;
}

/** The path of a session. */
function ofSession(name) {
  return `/sessions/${encodeURIComponent(name)}`;
}

module.exports = { call, ofSession };

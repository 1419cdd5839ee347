"use strict";

/** Where the gateway is, and a key for it. */
class WagateApi {
  name = "wagateApi";
  displayName = "wagate API";
  properties = [
    {
      displayName: "URL",
      name: "url",
      type: "string",
      default: "http://wagate:8080",
      description: "Where n8n reaches the gateway, without a path",
    },
    {
      displayName: "API Key",
      name: "key",
      type: "string",
      typeOptions: { password: true },
      default: "",
      description: "With the scopes read and send, and admin for the trigger",
    },
  ];
  authenticate = { type: "generic", properties: { headers: { "X-API-Key": "={{$credentials.key}}" } } };
  test = { request: { baseURL: "={{$credentials.url}}", url: "/api/v1/sessions" } };
}

module.exports = { WagateApi };

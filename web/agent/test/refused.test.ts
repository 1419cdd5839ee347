import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalCode } from "../src/refused";

test("WhatsApp's code is found wherever a page puts it, and nothing else is taken for one", () => {
  for (const [outcome, code] of [
    [{ messageSendResult: "ERROR_UNKNOWN", errorCode: 463 }, 463],
    [{ messageSendResult: "ERROR_UNKNOWN", error: "475" }, 475],
    [{ error: { code: 463 } }, undefined],
    [Object.assign(new Error("refused"), { status: 479 }), 479],
    [new Error("rate-overlimit"), 429],
    ["ServerStatusCodeError: code=463", 463],
    [new Error('<ack class="message" error="463"/>'), 463],
    [{ messageSendResult: "ERROR_UPLOAD", t: 1_795_000_463 }, undefined],
    [new Error("no such chat"), undefined],
    [{ code: "msg_not_found" }, undefined],
    [{ status: 200 }, undefined],
    ["OK", undefined],
    [null, undefined],
  ] as const)
    assert.equal(refusalCode(outcome), code, JSON.stringify(outcome));
});

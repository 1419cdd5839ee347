// The official libraries that receivers verify with: npm's always, PyPI's where `make test-pypi`
// brings a Python.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { Webhook } from "standardwebhooks";

const PYTHON = process.env.VERIFIER_PYTHON;
const SCRIPT = fileURLToPath(new URL("pypi.py", import.meta.url));

export class Verifiers {
  constructor() {
    this.waiting = [];
    if (!PYTHON) return;
    this.python = spawn(PYTHON, [SCRIPT], {
      env: { ...process.env, PYTHONUTF8: "1" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.python.stdout }).on("line", (line) => {
      this.waiting.shift().resolve(JSON.parse(line));
    });
    for (const name of ["error", "exit"]) {
      this.python.once(name, (why) => {
        for (const { reject } of this.waiting.splice(0)) reject(new Error(`${PYTHON}: ${why}`));
      });
    }
    this.python.stdin.on("error", () => {});
  }

  get names() {
    return this.python ? ["npm", "PyPI"] : ["npm"];
  }

  // Whether a request is genuine, which all of them must agree on.
  async verify(secret, { body, headers }) {
    const verdict = ofNpm(secret, body, headers);
    if (this.python) {
      assert.equal(await this.ofPypi(secret, body, headers), verdict, "PyPI's and npm's verdicts");
    }
    return verdict;
  }

  ofPypi(secret, body, headers) {
    assert.equal(this.python.exitCode, null, `${PYTHON} has ended`);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.python.stdin.write(`${JSON.stringify({ secret, body, headers })}\n`);
    });
  }

  stop() {
    this.python?.stdin.end();
  }
}

function ofNpm(secret, body, headers) {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch (error) {
    assert.equal(error.name, "WebhookVerificationError", String(error));
    return false;
  }
}

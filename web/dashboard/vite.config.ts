// Builds the dashboard into dist/, which the gateway embeds. `npm run dev` serves it from its
// sources instead and passes calls on to the gateway at WAGATE_URL.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const gateway = process.env.WAGATE_URL ?? "http://127.0.0.1:8080";
const passed = ["/api", "/api-docs", "/health", "/openapi.json", "/_simulator"];

export default defineConfig({
  // Relative, so that a proxy may serve the gateway below a path of its own.
  base: "./",
  plugins: [svelte()],
  build: {
    target: ["chrome123", "firefox120", "safari17.5"],
    // A data: URL would need a hole in the policy.
    assetsInlineLimit: 0,
    // The polyfill is for browsers that are older than the rest of the code allows.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The first page needs all of these: in one file they compress better than in three.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "components", test: /components\/(Button|Dialog|FailureNote)\.svelte$/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(passed.map((path) => [path, { target: gateway }])),
  },
});

// What the scripts are held to. Layout is left to people, except for what makes a diff noisy.
import js from "@eslint/js";
import stylistic from "@stylistic/eslint-plugin";
import globals from "globals";
import { defineConfig, globalIgnores } from "eslint/config";
import svelte from "eslint-plugin-svelte";
import typescript from "typescript-eslint";

const MOST_LINES = 500;
const MOST_COLUMNS = 100;

export default defineConfig(
  globalIgnores(["**/dist/", "**/schema.d.ts"]),
  js.configs.recommended,
  {
    plugins: { "@stylistic": stylistic },
    rules: {
      "@stylistic/eol-last": "error",
      "@stylistic/indent": ["error", 2, { SwitchCase: 1 }],
      "@stylistic/max-len": ["error", { code: MOST_COLUMNS, ignoreStrings: false }],
      "@stylistic/no-tabs": "error",
      "@stylistic/no-trailing-spaces": "error",
      "@stylistic/quotes": ["error", "double", { avoidEscape: true }],
      "@stylistic/semi": "error",
      eqeqeq: "error",
      "max-lines": ["error", MOST_LINES],
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({
          property,
          message: "What a stranger wrote is only ever text: use textContent.",
        })),
      ],
    },
  },
  {
    files: ["**/*.ts", "**/*.svelte"],
    extends: [typescript.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
      },
    },
    rules: {
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // The test runner waits for its tests itself.
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: "test" }] },
      ],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      // Numbers in texts are what they look like.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    extends: [svelte.configs.recommended],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: typescript.parser },
    },
    rules: {
      "@stylistic/indent": "off",
      // The linter takes what comes from another component for anything; svelte-check knows it.
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "svelte/button-has-type": "error",
      "svelte/indent": ["error", { indent: 2, indentScript: true }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "SvelteAttribute[key.name='style']",
          message: "The policy allows no inline style: use a `style:` directive.",
        },
      ],
      "svelte/no-target-blank": "error",
    },
  },
  {
    // This code stands in for the web client's own modules, which promise no types to those who
    // reach into them; what it takes from them and gives to them is whatever they make of it.
    files: ["simulator/src/page/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    files: ["**/*.mjs"],
    // A function that a test hands to a page runs there, with what wa-js adds to it.
    languageOptions: { globals: { ...globals.node, ...globals.browser, WPP: "readonly" } },
  },
);

import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["dist/", "node_modules/"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
  },
  {
    rules: {
      "no-control-regex": "off", // ANSI escapes are control characters
      "svelte/no-at-html-tags": "error", // what users log must never become markup
      "svelte/no-navigation-without-resolve": "off", // that is SvelteKit's router
      "svelte/prefer-svelte-reactivity": "off", // state here is replaced as a whole ($state.raw), never changed inside
      "@typescript-eslint/no-non-null-assertion": "off", // indices that a loop proves; the alternative is dead code
    },
  },
);

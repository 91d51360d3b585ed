import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { type Plugin, defineConfig } from "vite";

/** `figure.html` with plotly inside: its frame has no origin, so it could not load a script from here. */
function figures(): Plugin {
  const source = () => {
    const plotly = readFileSync("node_modules/plotly.js-dist-min/plotly.min.js", "utf-8").replace(
      /<\/script/gi,
      "<\\/script",
    );
    return readFileSync("figure.html", "utf-8").replace("/* plotly */", () => plotly);
  };
  return {
    name: "figures",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "figure.html", source: source() });
    },
  };
}

// `npm run dev` serves the pages with hot reload and asks a running `tracker ui --port 8650` for the data.
export default defineConfig({
  plugins: [svelte(), figures()],
  base: "./", // pages find all else by their <base>, which the server sets: a proxy may put something before
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8650" } },
});

/** What `vite.config.ts` uses of Node; all of Node's types would hide mistakes in code for browsers. */
declare module "node:fs" {
  export function readFileSync(path: string, encoding: "utf-8"): string;
}

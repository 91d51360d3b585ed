/**
 * Code to look at: CodeMirror, loaded by those who show some. It lives in a shadow root, where its rules are adopted
 * sheets: in the document they would be inline styles, which the policy forbids.
 */

import { HighlightStyle, StreamLanguage, foldGutter, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, drawSelection, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const COLORS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.controlKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.inserted], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" },
  { tag: [tags.comment, tags.meta], color: "var(--code-comment)" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.heading],
    color: "var(--code-name)",
  },
  { tag: [tags.definition(tags.variableName), tags.className, tags.typeName, tags.tagName], color: "var(--code-name)" },
  { tag: [tags.propertyName, tags.attributeName], color: "var(--code-property)" },
  { tag: tags.deleted, color: "var(--bad)" },
  { tag: [tags.link, tags.url], textDecoration: "underline" },
  { tag: [tags.strong, tags.heading], fontWeight: "600" },
  { tag: tags.emphasis, fontStyle: "italic" },
]);

const LOOK = EditorView.theme({
  "&": { maxHeight: "68vh", backgroundColor: "var(--sheet)", color: "var(--ink)", fontSize: "12.5px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", overflow: "auto" },
  ".cm-gutters": { backgroundColor: "var(--sheet)", color: "var(--ink-faint)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 6px 0 14px" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": { backgroundColor: "var(--accent-soft) !important" },
  ".cm-searchMatch": { backgroundColor: "var(--warn-soft)", outline: "1px solid var(--warn)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panels input, .cm-panels button": {
    background: "var(--sheet)",
    color: "var(--ink)",
    border: "1px solid var(--line-strong)",
    borderRadius: "5px",
    font: "12px var(--sans)",
  },
  ".cm-button": { backgroundImage: "none" },
  ".cm-foldPlaceholder": { background: "var(--sunken)", color: "var(--ink-soft)", border: "none", padding: "0 6px" },
  ".cm-collapsedLines": { background: "var(--sunken)", color: "var(--ink-soft)", padding: "3px 14px" },
  ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: '"⋯"' }, // theirs is in few fonts
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--good-soft)" },
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: "var(--bad-soft)" },
  "&.cm-merge-b .cm-changedText, .cm-changedText": {
    background: "color-mix(in srgb, var(--good) 26%, transparent) !important",
  },
  "&.cm-merge-a .cm-changedText": { background: "color-mix(in srgb, var(--bad) 26%, transparent) !important" },
  ".cm-changeGutter": { width: "3px" },
  "&.cm-merge-a .cm-changedLineGutter": { background: "var(--bad)" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--good)" },
});

/** What every view of code has: it is read, searched (Ctrl-F) and copied, never written. */
export async function reading(path: string, label: string): Promise<Extension[]> {
  return [
    EditorState.readOnly.of(true),
    EditorView.editable.of(false),
    EditorView.contentAttributes.of({ tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-label": label }),
    lineNumbers(),
    foldGutter(),
    highlightSpecialChars(),
    drawSelection(),
    highlightSelectionMatches(),
    search({ top: true }),
    keymap.of(searchKeymap),
    syntaxHighlighting(COLORS),
    LOOK,
    ...(await language(path)),
  ];
}

/** Shows `text`; the function that is returned takes it away. */
export async function show(host: HTMLElement, text: string, path: string): Promise<() => void> {
  const extensions = await reading(path, path);
  const view = new EditorView({ ...inside(host), state: EditorState.create({ doc: text, extensions }) });
  return () => view.destroy();
}

/** Where a view is put. */
export function inside(host: HTMLElement): { parent: HTMLElement; root: ShadowRoot } {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const parent = document.createElement("div");
  root.replaceChildren(parent);
  return { parent, root };
}

async function language(path: string): Promise<Extension[]> {
  const name = path.split("/").at(-1)!.toLowerCase();
  const suffix = name.includes(".") ? name.split(".").at(-1)! : name;
  const load = LANGUAGES[suffix];
  return load ? [await load()] : [];
}

const python = () => import("@codemirror/lang-python").then((it) => it.python());
const json = () => import("@codemirror/lang-json").then((it) => it.json());
const yaml = () => import("@codemirror/lang-yaml").then((it) => it.yaml());
const script = () => import("@codemirror/lang-javascript").then((it) => it.javascript({ typescript: true, jsx: true }));
const shell = () => import("@codemirror/legacy-modes/mode/shell").then((it) => StreamLanguage.define(it.shell));
const cpp = () => import("@codemirror/legacy-modes/mode/clike").then((it) => StreamLanguage.define(it.cpp));
const diff = () => import("@codemirror/legacy-modes/mode/diff").then((it) => StreamLanguage.define(it.diff));
const ini = () => import("@codemirror/legacy-modes/mode/properties").then((it) => StreamLanguage.define(it.properties));

const LANGUAGES: Record<string, () => Promise<Extension>> = {
  py: python,
  pyi: python,
  pyx: python,
  gin: python,
  json,
  ipynb: json,
  yaml,
  yml: yaml,
  md: () => import("@codemirror/lang-markdown").then((it) => it.markdown()),
  js: script,
  jsx: script,
  ts: script,
  tsx: script,
  toml: () => import("@codemirror/legacy-modes/mode/toml").then((it) => StreamLanguage.define(it.toml)),
  cfg: ini,
  ini,
  sh: shell,
  bash: shell,
  slurm: shell,
  sbatch: shell,
  makefile: shell,
  c: cpp,
  cc: cpp,
  cpp,
  cu: cpp,
  cuh: cpp,
  h: cpp,
  hpp: cpp,
  diff,
  patch: diff,
  r: () => import("@codemirror/legacy-modes/mode/r").then((it) => StreamLanguage.define(it.r)),
  jl: () => import("@codemirror/legacy-modes/mode/julia").then((it) => StreamLanguage.define(it.julia)),
  dockerfile: () =>
    import("@codemirror/legacy-modes/mode/dockerfile").then((it) => StreamLanguage.define(it.dockerFile)),
};

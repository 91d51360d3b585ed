/** Texts for other places. */

import { question } from "./dialog.svelte";

/** Whether it is in the clipboard now; where a browser denies that, a dialog has shown the text to be taken by hand. */
export async function copy(text: string, title: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    await question(title, { value: text, action: "Close" });
    return false;
  }
}

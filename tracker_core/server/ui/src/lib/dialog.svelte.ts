/** One question at a time, asked in the page. */

type Question = { title: string; text: string; value: string | null; action: string; danger: boolean };

export const dialog = $state<{ question: Question | null }>({ question: null });
let answered: ((value: string | null) => void) | null = null;

/** The text that was entered ("" for a question without a field), or null when it was called off. */
export function question(title: string, options: Partial<Question> = {}): Promise<string | null> {
  dialog.question = { title, text: "", value: null, action: "OK", danger: false, ...options };
  return new Promise((resolve) => (answered = resolve));
}

export function answer(value: string | null): void {
  dialog.question = null;
  answered?.(value);
  answered = null;
}

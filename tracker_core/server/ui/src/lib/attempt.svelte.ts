/** What a person asked for and may fail: the page says why, and stays as it is. */

export class Attempt {
  failure = $state<string | null>(null);

  /** Whether it went well. Made so that it can be handed on without its object. */
  readonly run = async (action: () => Promise<unknown>): Promise<boolean> => {
    this.failure = null;
    try {
      await action();
      return true;
    } catch (error) {
      this.failure = (error as Error).message;
      return false;
    }
  };
}

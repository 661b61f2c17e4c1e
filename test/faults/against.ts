const EXAMPLES = 3;

/** What speaks against a promise, as one sentence with the number of cases and a few of them; nothing when there are none. */
export const sentence = (what: string, cases: readonly string[]): string[] =>
  cases.length === 0 ? [] : [`${cases.length} ${what}, like ${cases.slice(0, EXAMPLES).join('; ')}`];

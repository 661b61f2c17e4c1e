import { expect, test } from 'vitest';
import { harmless } from './log.ts';

test('a line of the log holds nothing that a terminal would obey, and says the same', () => {
  const said = { msg: 'a\u009b31m\u0085b \u202egnol\u202c \u2028 老人 👍', clientId: '\u001b[2J\n' };
  const line = harmless(`${JSON.stringify(said)}\n`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(line).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+\n$/);
  expect(JSON.parse(line)).toEqual(said);
});

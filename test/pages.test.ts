import { expect, test } from 'vitest';
import { isUpToDate, pages } from './pages.ts';

test.each(pages())('%s says what the recorded lines say (npm run figures)', (...page) => {
  expect(isUpToDate(page)).toBe(true);
});

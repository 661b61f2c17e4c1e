import type { Page } from 'playwright';
import { launchChromium } from '../../chromium.ts';
import type { Compare } from './answers.ts';
import type { NastyHome } from './homes.ts';

const WITHIN_MS = 60_000;

/** The page's own text, with white space as it is in the document: what a browser folds was there all the same. */
const textOf = (page: Page): Promise<string> => page.evaluate(() => document.body.textContent ?? '');

/** Opens the desk and each home as its operator sees them, in a real browser, and notes whatever was executed. */
export async function look(
  httpUrl: string,
  link: string,
  homes: readonly NastyHome[],
  compare: Compare,
): Promise<readonly string[]> {
  const executed: string[] = [];
  const browser = await launchChromium();
  try {
    const context = await browser.newContext({ locale: 'zh-CN' });
    context.setDefaultTimeout(WITHIN_MS);
    const page = await context.newPage();
    page.on('dialog', (dialog) => {
      executed.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('pageerror', (error) => executed.push(`a script failed: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to execute/i.test(message.text()))
        executed.push(`a script was tried: ${message.text()}`);
    });
    const somethingRan = async (where: string): Promise<void> => {
      if (await page.evaluate(() => 'executed' in window)) executed.push(where);
    };
    await page.goto(link);
    await page.getByRole('button', { name: '以后再设' }).click();
    await page.goto(httpUrl);
    await page
      .locator('[data-alert]')
      .nth(homes.length - 1)
      .waitFor({ state: 'attached' });
    const desk = await textOf(page);
    for (const { text } of homes) compare('desk', text, desk.includes(text) ? text : 'nothing like it');
    await somethingRan('the desk');
    for (const { text, householdId } of homes) {
      await page.goto(`${httpUrl}/households/${householdId}`);
      await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
      compare('title', text, await page.getByRole('heading', { level: 1 }).first().textContent());
      await page.getByText('110').first().waitFor({ state: 'attached' });
      await somethingRan(`the page of ${JSON.stringify(text)}`);
    }
  } finally {
    await browser.close();
  }
  return executed;
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';

const pictures = join(import.meta.dirname, '../pictures');

export type Look = {
  readonly language: 'zh-CN' | 'en';
  readonly theme: 'light' | 'dark';
  readonly width: 1440 | 1024 | 360;
};

const heights = { 1440: 900, 1024: 768, 360: 780 } as const;

/** A window as one person has it: language, theme and size. `touched`: the browser lets it sound. */
export async function windowOf(
  browser: Browser,
  url: string,
  { language, theme, width }: Look,
): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height: heights[width] },
    colorScheme: theme,
    locale: language,
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
  });
  await context.addInitScript((chosen) => {
    localStorage.setItem('shouwang.preferences', JSON.stringify({ language: chosen, volume: 70 }));
  }, language);
  return context;
}

export async function picture(page: Page, name: string, { language, theme, width }: Look): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(pictures, `${name}-${width}-${language}-${theme}.png`) });
}

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../domain/user.ts';
import { chromiumAvailable, launchChromium } from '../chromium.ts';
import * as canned from './ui-answers.ts';
import { type Look, picture, windowOf } from './ui-screens.ts';
import { StandIn } from './ui-stand-in.ts';

const looks: Look[] = [
  { language: 'zh-CN', theme: 'light', width: 1440 },
  { language: 'en', theme: 'dark', width: 1440 },
  { language: 'en', theme: 'light', width: 1024 },
  { language: 'zh-CN', theme: 'dark', width: 360 },
];

type Screen = {
  readonly name: string;
  readonly role?: Role | null;
  readonly alerts?: (now: number) => ReturnType<typeof canned.busyQueue>;
  readonly path: string;
  /** What stands on the screen when it is ready. */
  readonly ready: string;
  readonly before?: (page: Page) => Promise<unknown>;
};

const screens: Screen[] = [
  { name: 'login', role: null, path: '/login', ready: 'input[type=password]' },
  { name: 'desk-empty', path: '/', ready: 'dl' },
  { name: 'desk-busy', alerts: canned.busyQueue, path: '/?list=unclosed', ready: '[data-alert=a7]' },
  { name: 'desk-in-hand', alerts: canned.busyQueue, path: '/?alert=a3', ready: 'canvas' },
  { name: 'desk-file', alerts: canned.busyQueue, path: '/?alert=a4', ready: 'h1', before: showFile },
  {
    name: 'desk-closing',
    alerts: canned.busyQueue,
    path: '/?alert=a2',
    ready: 'footer button',
    before: (page) => page.keyboard.press('c'),
  },
  { name: 'desk-200', alerts: (now) => canned.longQueue(now, 200), path: '/', ready: '[data-alert=long-0]' },
  { name: 'households', path: '/households', ready: 'tbody tr' },
  { name: 'household', alerts: canned.busyQueue, path: '/households/home-1', ready: 'canvas' },
  { name: 'household-family', role: 'family', path: '/', ready: 'canvas' },
  { name: 'register', role: 'installer', path: '/register', ready: 'form' },
  { name: 'settings', role: 'owner', path: '/settings', ready: 'tbody tr' },
  { name: 'system', role: 'owner', path: '/system', ready: 'tbody tr' },
  { name: 'not-allowed', path: '/register', ready: 'main h1' },
];

async function showFile(page: Page): Promise<void> {
  const file = page.locator('input[value=file] + label');
  if (await file.isVisible()) await file.click();
}

describe.skipIf(chromiumAvailable())('every screen, in both languages and themes, wide and narrow', () => {
  const standIn = new StandIn();
  let browser: Browser;
  let url: string;

  const windows = new Map<Look, BrowserContext>();

  beforeAll(async () => {
    execFileSync(process.execPath, [join(import.meta.dirname, '../../web/build.ts')]);
    url = await standIn.start();
    browser = await launchChromium();
    for (const look of looks) windows.set(look, await windowOf(browser, url, look));
  });
  afterAll(async () => {
    await browser?.close();
    await standIn.stop();
  });
  beforeEach(() => {
    standIn.speaks = true;
  });

  const cases = screens.flatMap((screen) =>
    // Between a phone and a wide desk only the desk itself is laid out differently.
    looks.filter(({ width }) => width !== 1024 || screen.name.startsWith('desk')).map((look) => ({ screen, look })),
  );

  it.each(cases)(
    '$screen.name at $look.width in $look.language, $look.theme, is whole and has nothing that axe objects to',
    async ({ screen, look }) => {
      standIn.role = screen.role === undefined ? 'operator' : screen.role;
      standIn.alerts = screen.alerts?.(Date.now()) ?? [];
      const page = await windows.get(look)!.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      await page.goto(screen.path);
      await page.locator(screen.ready).first().waitFor({ state: 'attached' });
      await page.mouse.click(1, 1);
      await screen.before?.(page);
      await page.waitForLoadState('networkidle');
      await picture(page, screen.name, look);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      const { violations } = await new AxeBuilder({ page }).analyze();
      await page.close();
      expect(complaints).toEqual([]);
      expect(overflow).toBeLessThanOrEqual(0);
      expect(
        violations.map(({ id, nodes }) => [id, nodes.map(({ html, any }) => [html.slice(0, 160), any[0]?.message])]),
      ).toEqual([]);
    },
  );

  it.each(looks.filter(({ width }) => width !== 1024))(
    'a lost server is unmistakable at $width in $language, $theme',
    async (look) => {
      standIn.role = 'operator';
      standIn.alerts = canned.busyQueue(Date.now());
      const page = await windows.get(look)!.newPage();
      await page.goto('/');
      await page.locator('[data-alert=a1]').waitFor();
      standIn.speaks = false;
      await page
        .locator('[role=alert]', { hasText: /失去联系|lost/ })
        .first()
        .waitFor({ timeout: 20_000 });
      await picture(page, 'desk-lost', look);
      await page.close();
    },
  );
});

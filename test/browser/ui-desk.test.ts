import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { act } from '../../domain/alert.ts';
import { minutes, seconds } from '../../domain/time.ts';
import { chromiumAvailable, launchChromium } from '../chromium.ts';
import * as canned from './ui-answers.ts';
import { windowOf } from './ui-screens.ts';
import { StandIn } from './ui-stand-in.ts';

const desk = { language: 'zh-CN', theme: 'light', width: 1440 } as const;

describe.skipIf(chromiumAvailable())('the desk', () => {
  let standIn: StandIn;
  let browser: Browser;
  let window: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(import.meta.dirname, '../../web/build.ts')]);
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    standIn = new StandIn();
    const url = await standIn.start();
    standIn.alerts = canned.busyQueue(Date.now());
    window = await windowOf(browser, url, desk);
    page = await window.newPage();
  });
  afterEach(async () => {
    await window.close();
    await standIn.stop();
  });

  const open = async (path = '/'): Promise<void> => {
    await page.goto(path);
    await page.locator('[data-alert]').first().waitFor();
    await page.locator('footer button').first().waitFor();
  };
  const order = () =>
    page.locator('ul [data-alert]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-alert')));
  const stateOf = (id: string) => standIn.alerts.find((alert) => alert.id === id)?.state;

  it('is worked by keys: next, previous, take, attend', async () => {
    await open();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.getByRole('heading', { name: /体征异常/ }).waitFor();
    await page.keyboard.press('t');
    await page.getByText('值守员甲 已接警，到场时限').waitFor();
    await page.keyboard.press('a');
    await page.getByText('值守员甲 已到场，结案时限').waitFor();
    expect(stateOf('a3')).toBe('attended');
    await page.keyboard.press('k');
    await page.getByRole('heading', { name: /烟雾报警/ }).waitFor();
  });

  it('does not take an alert while somebody types a t', async () => {
    await open();
    await page.keyboard.press('/');
    await page.keyboard.type('tac');
    expect(await page.getByPlaceholder('查找住户、地址、内容').inputValue()).toBe('tac');
    expect(standIn.asked.filter((what) => what.endsWith('/act'))).toEqual([]);
  });

  it('closes with a disposition from the list, and takes it back', async () => {
    await open('/?alert=a1');
    await page.keyboard.press('c');
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('button', { name: '结案' }).isDisabled()).resolves.toBe(true);
    await dialog.getByText('误触').click();
    await dialog.getByRole('button', { name: '结案' }).click();
    await page.getByText('结案：误触').waitFor();
    expect(stateOf('a1')).toBe('closed');
    await page.getByRole('button', { name: '撤销' }).click();
    await page.getByText('值守员甲 已接警，到场时限').waitFor();
    expect(stateOf('a1')).toBe('taken');
  });

  it('says who was quicker', async () => {
    await open('/?alert=a1');
    standIn.refuseOnce = () => {
      standIn.alerts = standIn.alerts.map((alert) => {
        const change = act(alert, { kind: 'take' }, 'other', alert.version, Date.now());
        return alert.id === 'a1' && 'patch' in change
          ? { ...alert, ...change.patch, version: alert.version + 1, takenByName: '值守员乙' }
          : alert;
      });
    };
    await page.keyboard.press('t');
    await page.getByText('有人先一步：值守员乙 已接警').waitFor();
    await page.getByText('值守员乙 已接警，到场时限').waitFor();
  });

  it('confirms a notice only when its alert stands on the screen, and tells a screen reader at once', async () => {
    await open();
    standIn.raise(canned.alertOf('new', 'sos', seconds(1), 'open', Date.now(), 9), 'notice-1');
    await vi.waitFor(() => expect(standIn.shown).toEqual(['notice-1']), { timeout: 10_000 });
    expect(await page.locator('[data-alert=new]').count()).toBe(1);
    expect(await page.locator('[role=alert][aria-live=assertive]').textContent()).toContain('卧室的呼叫按钮被按下');
  });

  it('does not confirm a notice for an alert that it cannot show', async () => {
    await open();
    standIn.send({ kind: 'alerts', serverAt: Date.now(), alertIds: ['nowhere'], noticeIds: ['notice-lost'] });
    standIn.raise(canned.alertOf('new', 'smoke', seconds(1), 'open', Date.now(), 9), 'notice-2');
    await vi.waitFor(() => expect(standIn.shown).toContain('notice-2'), { timeout: 10_000 });
    expect(standIn.shown).not.toContain('notice-lost');
  });

  it('shows a new alert away from the queue as well', async () => {
    await open();
    await page.goto('/households');
    await page.locator('tbody tr').first().waitFor();
    standIn.raise(canned.alertOf('new', 'sos', seconds(1), 'open', Date.now(), 9), 'notice-3');
    await page.locator('nav [data-alert=new]').waitFor();
    await vi.waitFor(() => expect(standIn.shown).toEqual(['notice-3']), { timeout: 10_000 });
  });

  it('moves nothing under the pointer, and settles a moment later', async () => {
    standIn.alerts = standIn.alerts.filter(({ priority }) => priority > 1);
    await open();
    const before = await order();
    await page.locator('[data-alert=a5]').hover();
    standIn.raise(canned.alertOf('new', 'sos', seconds(1), 'open', Date.now(), 9), 'notice-4');
    await page.locator('[data-alert=new]').waitFor();
    expect(await order()).toEqual([...before, 'new']);
    await vi.waitFor(async () => expect(await order()).toEqual(['new', ...before]), { timeout: 10_000 });
  });

  it('sounds until every urgent alert is taken, and says so when the browser does not let it', async () => {
    await page.addInitScript(() => {
      const starts: number[] = [];
      // What drives the page counts as a touch, so the browser itself would block nothing here.
      let touched = false;
      document.addEventListener(
        'pointerdown',
        () => {
          touched = true;
        },
        true,
      );
      class Unasked extends AudioContext {
        constructor() {
          super();
          if (!touched) void this.suspend();
        }
        override resume(): Promise<void> {
          return touched ? super.resume() : Promise.resolve();
        }
      }
      Object.assign(globalThis, { starts, AudioContext: Unasked });
      const { start } = OscillatorNode.prototype;
      OscillatorNode.prototype.start = function (when) {
        starts.push(Date.now());
        start.call(this, when);
      };
    });
    const sounds = () => page.evaluate(() => (globalThis as unknown as { starts: number[] }).starts.length);
    await open();
    await page.getByText('浏览器拦住了声音').waitFor();
    const before = await sounds();
    await page.getByRole('button', { name: '允许声音' }).click();
    await page.getByText('浏览器拦住了声音').waitFor({ state: 'detached' });
    await vi.waitFor(async () => expect(await sounds()).toBeGreaterThan(before + 6), { timeout: 15_000 });
    standIn.alerts = standIn.alerts.filter(({ priority }) => priority > 2);
    standIn.send({ kind: 'alerts', serverAt: Date.now(), alertIds: [], noticeIds: [] });
    await page.locator('[data-alert=a1]').waitFor({ state: 'detached' });
    const quiet = await sounds();
    await page.waitForFunction((since) => Date.now() - since > 3_000, Date.now());
    expect(await sounds()).toBe(quiet);
  });

  it('comes back by itself when the server does, and fetches again', async () => {
    await open();
    standIn.speaks = false;
    await page.getByText('与服务器失去联系').first().waitFor({ timeout: 20_000 });
    standIn.alerts = [...standIn.alerts, canned.alertOf('meanwhile', 'fall', minutes(1), 'open', Date.now(), 9)];
    standIn.speaks = true;
    await page.locator('[data-alert=meanwhile]').waitFor({ timeout: 20_000 });
    await page.getByText('与服务器失去联系').first().waitFor({ state: 'detached' });
  });

  it('stays quick with 200 open alerts', async () => {
    standIn.alerts = canned.longQueue(Date.now(), 200);
    await open();
    const slowest = await page.evaluate(async () => {
      const gaps: number[] = [];
      let last = performance.now();
      for (let frame = 0; frame < 150; frame++) {
        await new Promise(requestAnimationFrame);
        gaps.push(performance.now() - last);
        last = performance.now();
        document.querySelector('section')?.scrollBy(0, 40);
      }
      return gaps.toSorted((a, b) => b - a)[2] ?? 0;
    });
    expect(await page.locator('ul [data-alert]').count()).toBe(200);
    expect(slowest).toBeLessThan(250);
  });

  it('shows the access to a home only when asked, by a request of its own', async () => {
    await open('/?alert=a1');
    await page.getByText('已登记。查看会留下记录。').waitFor();
    expect(standIn.asked).not.toContain('POST households/home-1/access');
    await page.getByRole('button', { name: '查看' }).click();
    await page.getByText('钥匙在门卫处').waitFor();
    expect(standIn.asked).toContain('POST households/home-1/access');
  });

  it('leads to the log-in when the session has ended, and a one-time link logs in by itself', async () => {
    standIn.role = null;
    await page.goto('/');
    await page.getByLabel('登录名').waitFor();
    await page.goto('/login#token=one-time-token-of-a-test');
    await page.reload();
    await page.getByRole('button', { name: '以后再设' }).click();
    await page.locator('[data-alert=a1]').waitFor();
    expect(page.url()).not.toContain('token');
  });

  it('shows the key of a new hub once, with everything that must be typed into it', async () => {
    standIn.role = 'installer';
    await page.goto('/register');
    await page.getByLabel('住户名称').fill('3 栋 301');
    await page.getByRole('combobox', { name: '所属站点' }).or(page.getByLabel('所属站点')).first().click();
    await page.getByRole('option', { name: '测试社区站' }).click();
    await page.getByRole('button', { name: '登记', exact: true }).click();
    await page.getByText('密钥只显示这一次').waitFor();
    const names = await page
      .locator('[data-setting]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-setting')));
    expect(names).toEqual(['host', 'port', 'clientId', 'username', 'password', 'topic']);
  });
});

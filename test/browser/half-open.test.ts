import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumAvailable, launchChromium } from '../chromium.ts';
import { type TcpProxy, tcpProxy } from '../faults/tcp-proxy.ts';
import { logIn, type Person, registerHomes } from '../person.ts';
import { startFreshSystem } from '../system.ts';

const RED_WITHIN_MS = 30_000;
const LOST = '与服务器失去联系';

describe.skipIf(chromiumAvailable())('a desk whose way to the server dies without a word', () => {
  let system: Awaited<ReturnType<typeof startFreshSystem>>;
  let proxy: TcpProxy;
  let browser: Browser;
  let owner: Person;
  let home: Awaited<ReturnType<typeof registerHomes>>['homes'][number];

  beforeAll(async () => {
    execFileSync(process.execPath, [join(import.meta.dirname, '../../web/build.ts')]);
    system = await startFreshSystem();
    proxy = await tcpProxy({ port: Number(new URL(system.httpUrl).port) });
    browser = await launchChromium();
    owner = await logIn(system.httpUrl, system.ownerLink ?? '');
    const { homes } = await registerHomes(owner, 1);
    [home] = homes as [typeof home];
  });
  afterAll(async () => {
    await browser?.close();
    await proxy?.close();
    await system?.end();
  });

  async function press(): Promise<void> {
    const { clientId, username, key } = home;
    const client = await connectAsync(`mqtt://127.0.0.1:${system.mqttPort}`, { clientId, username, password: key });
    const message = JSON.stringify({ boot: 'b', seq: 1, readings: [{ kind: 'sos', device: 'button', value: true }] });
    await client.publishAsync(`sw/${clientId}/emergency`, message, { qos: 1 });
    await client.endAsync();
  }

  it('says so within thirty seconds, and shows what was missed when there is a way again', async () => {
    const [name = '', value = ''] = owner.cookie.split('=');
    const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1440, height: 900 } });
    const url = `http://127.0.0.1:${proxy.port}`;
    await context.addCookies([{ name, value, url, httpOnly: true, sameSite: 'Strict' }]);
    const page = await context.newPage();
    await page.goto(url);
    await page.getByText('没有未结案的警报').first().waitFor();
    await expect.poll(() => page.getByText(LOST).count()).toBe(0);

    proxy.freeze();
    await press();
    await page.getByText(LOST).first().waitFor({ timeout: RED_WITHIN_MS });
    expect(await page.locator('[data-alert]').count()).toBe(0);

    // What the browser still believes to be connections stays dead, as behind a router that was switched off.
    proxy.forget();
    proxy.thaw();
    await page.getByText(LOST).first().waitFor({ state: 'detached', timeout: RED_WITHIN_MS });
    await page.locator('[data-alert]').first().waitFor({ timeout: RED_WITHIN_MS });
  }, 180_000);
});

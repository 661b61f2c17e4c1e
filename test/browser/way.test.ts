import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertAnswer, QueueAnswer } from '../../web/wire/alert.ts';
import { chromiumAvailable, launchChromium } from '../chromium.ts';
import { logIn, type Person, registerHomes } from '../person.ts';
import { startFreshSystem, until } from '../system.ts';

const mosquitto = promisify(execFile);

const POLL = { timeout: 10_000 };

/** Debian's client, as a hub would be: with the credential that the screen showed. */
async function press(port: number, hub: { clientId: string; password: string }, seq: number): Promise<void> {
  const message = {
    boot: 'b1',
    seq,
    ts: new Date().toISOString(),
    readings: [{ kind: 'sos', device: 'button', value: true }],
  };
  const who = ['-i', hub.clientId, '-u', hub.clientId, '-P', hub.password];
  const what = ['-q', '1', '-t', `sw/${hub.clientId}/emergency`, '-m', JSON.stringify(message)];
  await mosquitto('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(port), ...who, ...what]);
}

async function openAs(browser: Browser, link: string): Promise<Page> {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole('button', { name: '以后再设' }).click();
  return page;
}

describe.skipIf(chromiumAvailable())('the whole way, from a button in a home to a person who has it in hand', () => {
  let system: Awaited<ReturnType<typeof startFreshSystem>>;
  let browser: Browser;
  let owner: Person;
  let stationId: string;

  beforeAll(async () => {
    system = await startFreshSystem();
    browser = await launchChromium();
    owner = await logIn(system.httpUrl, system.ownerLink ?? '');
    ({ stationId } = await registerHomes(owner, 1));
  });
  afterAll(async () => {
    await browser?.close();
    await system?.end();
  });

  const linkOf = async (login: string, role: string): Promise<string> =>
    (await owner.post<{ link: string }>('/users', { login, name: `测试${role}`, role, areaId: stationId })).link;
  const queue = () => owner.get<QueueAnswer>('/alerts');

  async function registerOnScreen(page: Page): Promise<{ clientId: string; password: string }> {
    await page.goto(`${system.httpUrl}/register`);
    await page.getByLabel('名称').first().fill('测试家庭 王');
    await page.getByLabel('所属站点').first().click();
    await page.getByRole('option', { name: '测试社区站' }).click();
    await page.getByLabel('姓名').first().fill('测试老人');
    await page.getByRole('switch', { name: '登记后立即开始守护' }).click({ force: true });
    await page.getByLabel('类型').first().click();
    await page.getByRole('option', { name: /守望/ }).click();
    const contacts = page.getByRole('region', { name: '联系人' });
    await contacts.getByLabel('姓名').fill('测试女儿');
    await contacts.getByLabel('电话').fill('13800000000');
    await page.getByRole('button', { name: '登记', exact: true }).click();
    const setting = (name: string) => page.locator(`[data-setting=${name}]`).innerText();
    return { clientId: await setting('clientId'), password: await setting('password') };
  }

  it('an installer registers a home, its button is pressed, and the station takes, attends and closes', async () => {
    const installer = await openAs(browser, await linkOf('installer', 'installer'));
    const hub = await registerOnScreen(installer);

    const desk = await openAs(browser, await linkOf('desk', 'operator'));
    await desk.goto(system.httpUrl);
    await desk.getByText('没有未结案的警报').first().waitFor();
    await press(system.mqttPort, hub, 1);

    await desk.locator('[data-alert]', { hasText: '测试家庭 王' }).waitFor();
    await desk.getByText('有人按下了紧急呼叫').first().waitFor();
    await expect.poll(() => desk.locator('[aria-live=assertive]').innerText(), POLL).toContain('测试家庭 王');
    const [alert] = (await queue()).alerts;
    const told = await until('the console to confirm that it has shown it', async () => {
      const { notices } = await owner.get<AlertAnswer>(`/alerts/${alert!.id}`);
      return notices.find(({ audience, state }) => audience === 'station' && state === 'delivered');
    });
    expect(told.channel).toBe('console');

    const state = async () => (await owner.get<AlertAnswer>(`/alerts/${alert!.id}`)).alert.state;
    await desk.keyboard.press('t');
    await expect.poll(state, POLL).toBe('taken');
    await desk.keyboard.press('a');
    await expect.poll(state, POLL).toBe('attended');
    await desk.keyboard.press('c');
    await desk.getByRole('radio', { name: '误触' }).click();
    await desk.getByRole('dialog').getByRole('button', { name: '结案' }).click();
    await expect.poll(state, POLL).toBe('closed');
    await desk.getByRole('button', { name: '撤销' }).waitFor();
    await desk.locator('[data-alert]').waitFor({ state: 'detached' });
  });

  it('what one desk takes the other sees at once, and cannot take as well', async () => {
    const { registered } = await owner.post<{ registered: { clientId: string; key: string }[] }>('/registrations', {
      registrations: [
        {
          stationId,
          household: { name: '测试家庭 李', mode: 'live' },
          hub: { clientId: 'hub-li', ecosystem: 'shouwang', power: 'mains' },
        },
      ],
    });
    const [one, other] = await Promise.all(
      ['desk-one', 'desk-other'].map(async (login) => openAs(browser, await linkOf(login, 'operator'))),
    );
    await Promise.all([one!.goto(system.httpUrl), other!.goto(system.httpUrl)]);
    await press(system.mqttPort, { clientId: 'hub-li', password: registered[0]!.key }, 1);
    const row = (page: Page) => page.locator('[data-alert]', { hasText: '测试家庭 李' });
    const take = (page: Page) => page.getByRole('button', { name: /^接警/ });
    await Promise.all([one!, other!].flatMap((page) => [row(page).waitFor(), take(page).waitFor()]));
    await one!.keyboard.press('t');
    await row(other!).getByText('测试operator').waitFor();
    await expect.poll(() => take(other!).isDisabled(), POLL).toBe(true);
  });

  it('residents and contacts are added, changed and removed on the page of their household', async () => {
    const { households } = await owner.get<{ households: { id: string }[] }>('/households?search=测试家庭 1');
    const installer = await openAs(browser, await linkOf('installer-two', 'installer'));
    await installer.goto(`${system.httpUrl}/households/${households[0]!.id}`);
    const dialog = installer.getByRole('dialog');
    await installer.getByRole('button', { name: '添加联系人' }).click();
    await expect.poll(() => dialog.getByRole('button', { name: '保存' }).isDisabled(), POLL).toBe(true);
    await dialog.getByLabel('姓名').fill('测试邻居');
    await dialog.getByLabel('电话').fill('13900000000');
    await dialog.getByRole('button', { name: '保存' }).click();
    await installer.getByRole('link', { name: /测试邻居/ }).waitFor();

    await installer.getByRole('button', { name: '编辑 测试老人 1' }).click();
    await dialog.getByLabel('须知').fill('听力不好');
    await dialog.getByRole('button', { name: '保存' }).click();
    await installer.getByText('听力不好').waitFor();

    await installer.getByRole('button', { name: '编辑 测试邻居' }).click();
    await dialog.getByRole('button', { name: '删除' }).click();
    await dialog.getByRole('button', { name: '确认删除' }).click();
    await installer.getByText('测试邻居').waitFor({ state: 'detached' });
  });

  it('a desk that loses its server says so within ten seconds, and is level again when it is back', async () => {
    const desk = await openAs(browser, await linkOf('desk-lost', 'operator'));
    await desk.goto(system.httpUrl);
    await desk.getByText('实时').waitFor();
    system.child.kill('SIGSTOP');
    try {
      await desk.getByText('与服务器失去联系').first().waitFor({ timeout: 15_000 });
    } finally {
      system.child.kill('SIGCONT');
    }
    await desk.getByText('与服务器失去联系').first().waitFor({ state: 'hidden', timeout: 20_000 });
  });
});

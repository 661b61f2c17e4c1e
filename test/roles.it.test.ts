import { connectAsync } from 'mqtt';
import { afterAll, describe, expect, test } from 'vitest';
import type { QueueAnswer } from '../web/wire/alert.ts';
import type { HouseholdFile } from '../web/wire/household.ts';
import { temporaryFolder } from './memory.ts';
import { logIn, registerHomes } from './person.ts';
import { freshDatabase, postgresAvailable, startPostgres } from './postgres.ts';
import { type System, startFreshSystem, startSystem, until } from './system.ts';

test('a second process of the same role on the same folder is refused in words, and the first goes on', async () => {
  const system = await startFreshSystem();
  await expect(startSystem({ dataDir: system.dataDir })).rejects.toThrow(/already the broker of the data folder/);
  expect((await fetch(`${system.httpUrl}/health/ready`)).status).toBe(200);
  await system.end();
});

test('a setting that is wrong ends the start with a sentence that names it', async () => {
  const folder = temporaryFolder();
  await expect(startSystem({ dataDir: folder.path, env: { SHOUWANG_MQTT_PORT: 'many' } })).rejects.toThrow(
    /SHOUWANG_MQTT_PORT is "many", but should be/,
  );
  await expect(startSystem({ dataDir: folder.path, env: { SHOUWANG_MQTT_PROT: '1' } })).rejects.toThrow(
    /SHOUWANG_MQTT_PROT is not a setting/,
  );
  await expect(startSystem({ dataDir: folder.path, roles: ['brokr'] })).rejects.toThrow(/brokr: no such role/);
  folder.remove();
});

describe.skipIf(postgresAvailable())('a process a role over one PostgreSQL', () => {
  const folders = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  const systems: System[] = [];
  let stop: () => Promise<void> = async () => {};
  afterAll(async () => {
    for (const system of systems) await system.stop();
    await stop();
    for (const folder of folders) folder.remove();
  });

  test('a button pressed at the broker is an alert at the web, with the readings that the processor understood; and so is what PostgreSQL could not spell', async () => {
    const server = await startPostgres();
    stop = server.stop;
    const env = { SHOUWANG_DATABASE_URL: await freshDatabase(server.url) };
    const [broker, web] = await Promise.all([
      startSystem({ dataDir: folders[0]!.path, roles: ['broker'], env }),
      startSystem({ dataDir: folders[1]!.path, roles: ['web', 'alerts'], env }),
    ]);
    systems.push(broker, web, await startSystem({ dataDir: folders[2]!.path, roles: ['ingest', 'auditor'], env }));
    const owner = await logIn(web.httpUrl, web.ownerLink ?? '');
    const { homes } = await registerHomes(owner, 1);
    const { clientId, username, key, householdId } = homes[0]!;
    const client = await until('the broker to know the new hub', () =>
      connectAsync(`mqtt://127.0.0.1:${broker.mqttPort}`, {
        clientId,
        username,
        password: key,
        reconnectPeriod: 0,
      }).catch(() => null),
    );
    await client.subscribeAsync(`sw/${clientId}/down`);
    const acknowledged = new Promise<string>((resolve) =>
      client.once('message', (_, payload) => resolve(String(payload))),
    );
    const readings = [{ kind: 'sos', device: 'button', value: true }];
    await client.publishAsync(`sw/${clientId}/emergency`, JSON.stringify({ boot: 'b1', seq: 1, readings }), { qos: 1 });
    expect(await acknowledged).toBe('{"ack":{"boot":"b1","seq":1}}');

    const { alerts } = await owner.get<QueueAnswer>('/alerts');
    expect(alerts).toMatchObject([{ category: 'sos', householdId, state: 'open', occurrences: 1 }]);
    const heard = await until('the processor to have heard the button', async () => {
      const { devices } = await owner.get<HouseholdFile>(`/households/${householdId}`);
      return devices.find(({ key, state }) => key === 'button' && state === 'heard');
    });
    expect(heard.last).toMatchObject([{ kind: 'sos', value: true }]);
    expect((await owner.get<QueueAnswer>('/alerts')).alerts).toHaveLength(1);

    // What PostgreSQL cannot keep as text must neither fail the commit that others wait for nor cost the emergency.
    const strange = JSON.stringify({
      boot: 'b\0',
      seq: 2,
      readings: [{ kind: 'smoke', device: 'alarm\0', value: true }],
    });
    await client.publishAsync(`sw/${clientId}/emergency`, strange, { qos: 1 });
    const answer = await owner.get<QueueAnswer>('/alerts');
    expect(answer.alerts.map(({ category }) => category).toSorted()).toEqual(['smoke', 'sos']);
    await client.endAsync();
  });
});

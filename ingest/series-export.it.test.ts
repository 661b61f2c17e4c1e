import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../runtime/log.ts';
import { openInflux } from '../store/influx.ts';
import { openStoreHere } from '../store/open.ts';
import { temporaryFolder } from '../test/memory.ts';
import { decode } from './decoders/registry.ts';
import { type ExportMeasured, seriesExport } from './series-export.ts';
import { MIDNIGHT } from './timeline.test-kit.ts';
import { registerHomes, streamOf } from './town.test-kit.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An InfluxDB that takes lines, or answers what it is told to. */
async function receiver(statusOf: (lines: string[]) => number) {
  const taken: string[] = [];
  const asked: { readonly url: string; readonly lines: number; readonly status: number }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
    const lines = text.split('\n');
    const status = statusOf(lines);
    asked.push({ url: request.url ?? '', lines: lines.length, status });
    if (status === 204) taken.push(...lines);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => server.close(() => resolve())));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, taken, asked };
}

async function journalOf(messages: number, deviceOf: (n: number) => string = () => 'watch', apartMs = 1) {
  const folder = temporaryFolder();
  const open = await openStoreHere(`${folder.path}/shouwang.db`);
  ends.push(folder.remove, open.close);
  const [home] = await registerHomes(open.store, 1, MIDNIGHT);
  const { hubId, householdId } = home!;
  const write = streamOf(open.store, 'a');
  for (let n = 0; n < messages; n += 10) {
    await write(
      Array.from({ length: Math.min(10, messages - n) }, (_, i) => ({
        ...{ kind: 'packet' as const, hubId, topic: `sw/${hubId}/up`, qos: 1 as const, retain: false },
        ...{ receivedAt: MIDNIGHT + (n + i) * apartMs, monotonicAt: (n + i) * apartMs },
        payload: Buffer.from(
          JSON.stringify({ readings: [{ device: deviceOf(n + i), kind: 'heart_rate', value: 60 + n + i }] }),
        ),
      })),
    );
  }
  return { store: open.store, hubId, householdId };
}

describe('the series for analysts', () => {
  test('every reading arrives once, from where it stopped', async () => {
    const influx = await receiver(() => 204);
    const { store, hubId, householdId } = await journalOf(25);
    const options = {
      ...{ store, decode, log: silentLog },
      influx: openInflux({ url: influx.url, token: 't', org: 'o', bucket: 'b' }),
    };
    await (await seriesExport(options))();
    expect(influx.taken).toHaveLength(25);
    expect(influx.taken[0]).toBe(
      `heart_rate,device=watch,household=${householdId},hub=${hubId} value=60 ${MIDNIGHT}000016`,
    );
    expect(influx.asked[0]?.url).toBe('/api/v2/write?org=o&bucket=b&precision=ns');
    await (await seriesExport(options))();
    expect(influx.taken).toHaveLength(25);
  });

  test('what a device says in one millisecond stays apart, and given again it is the same', async () => {
    const influx = await receiver(() => 204);
    const { store } = await journalOf(30, () => 'watch', 0);
    const options = {
      ...{ store: { ...store, keepCut: async () => {} }, decode, log: silentLog },
      influx: openInflux({ url: influx.url, token: 't', org: 'o', bucket: 'b' }),
    };
    await (await seriesExport(options))();
    const pointOf = (line: string) => line.replace(/ value=\d+/, '');
    expect(new Set(influx.taken.map(pointOf)).size).toBe(30);
    await (await seriesExport(options))();
    expect(influx.taken).toHaveLength(60);
    expect(new Set(influx.taken).size).toBe(30);
  });

  test('what waits, what was taken and what was refused is told as it goes', async () => {
    const answers = [503, 400];
    const influx = await receiver(() => answers.shift() ?? 204);
    const { store } = await journalOf(2);
    const told: ExportMeasured[] = [];
    const round = await seriesExport({
      ...{ store, decode, log: silentLog },
      influx: openInflux({ url: influx.url, token: 't', org: 'o', bucket: 'b' }),
      measured: (done) => told.push(done),
      wait: async () => {},
    });
    await round();
    const sum = (of: (it: ExportMeasured) => number) => told.map(of).reduce((a, b) => a + b);
    expect([sum((it) => it.points), sum((it) => it.refused), sum((it) => it.failures)]).toEqual([2, 0, 1]);
    expect(told.map(({ waitingSince }) => waitingSince)).toEqual([MIDNIGHT, MIDNIGHT, MIDNIGHT, MIDNIGHT, null]);
  });

  test('an outage is waited for, however long, and nothing is left out', async () => {
    let outage = 40;
    const influx = await receiver(() => (outage-- > 0 ? [503, 500, 429, 401, 200][outage % 5]! : 204));
    const { store } = await journalOf(5);
    const waits: number[] = [];
    const round = await seriesExport({
      ...{ store, decode, log: silentLog },
      influx: openInflux({ url: influx.url, token: 't', org: 'o', bucket: 'b' }),
      wait: async (failures) => void waits.push(failures),
    });
    expect(await round()).toBe(true);
    expect(waits).toHaveLength(40);
    expect(influx.taken).toHaveLength(5);
  });

  test('of a refused batch only the reading that cannot be taken is left out', async () => {
    const influx = await receiver((lines) => (lines.some((line) => line.includes('value=77 ')) ? 400 : 204));
    const { store } = await journalOf(64);
    const round = await seriesExport({
      ...{ store, decode, log: silentLog },
      influx: openInflux({ url: influx.url, token: 't', org: 'o', bucket: 'b' }),
    });
    expect(await round()).toBe(true);
    expect(influx.taken).toHaveLength(63);
    expect(influx.asked.length).toBeLessThan(16);
  });

  test('what a hub says in the moment of its registration arrives too', async () => {
    const influx = await receiver(() => 204);
    const { store, householdId } = await journalOf(0);
    const hub = { householdId, clientId: 'new', ecosystem: 'shouwang', power: 'mains' } as const;
    const streamHeads: typeof store.streamHeads = async () => {
      const hubId = (await store.addHub({ hub, now: MIDNIGHT }))?.hubId;
      if (hubId) {
        const said = { kind: 'packet' as const, hubId, topic: 'sw/x/up', qos: 1 as const, retain: false };
        const payload = Buffer.from('{"readings":[{"device":"watch","kind":"heart_rate","value":60}]}');
        await streamOf(store, 'b')([{ ...said, payload, receivedAt: MIDNIGHT, monotonicAt: 0 }]);
      }
      return store.streamHeads(null);
    };
    const round = await seriesExport({
      ...{ store: { ...store, streamHeads }, decode, log: silentLog },
      influx: openInflux({ url: influx.url, token: 't', org: 'o', bucket: 'b' }),
    });
    expect(await round()).toBe(true);
    expect(influx.taken).toHaveLength(1);
  });

  test('a packet that our own decoder stumbles over costs its own readings and no others', async () => {
    const influx = await receiver(() => 204);
    const { store } = await journalOf(5);
    const round = await seriesExport({
      ...{ store, log: silentLog },
      decode(packet, hub) {
        if (packet.receivedAt === MIDNIGHT + 2) throw new Error('poison');
        return decode(packet, hub);
      },
      influx: openInflux({ url: influx.url, token: 't', org: 'o', bucket: 'b' }),
    });
    expect(await round()).toBe(true);
    expect(influx.taken).toHaveLength(4);
  });

  test('no name of a device makes a line of its own', async () => {
    const names = ['a\nheart_rate value=1', 'b,device=x', 'c d=e', 'f\\', '"g"', ''];
    const influx = await receiver(() => 204);
    const { store } = await journalOf(names.length, (n) => names[n] ?? '');
    await (
      await seriesExport({
        ...{ store, decode, log: silentLog },
        influx: openInflux({ url: influx.url, token: 't', org: 'o', bucket: 'b' }),
      })
    )();
    expect(influx.taken).toHaveLength(names.length);
    for (const line of influx.taken)
      expect(line).toMatch(/^heart_rate,device=.+,household=[0-9a-f-]+,hub=[0-9a-f-]+ value=\d+ \d+$/);
  });
});

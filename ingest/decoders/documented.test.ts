import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { takenNews } from '../../domain/down-link.ts';
import { factsOf, readingKind } from '../../domain/reading.ts';
import { acknowledgement, decode } from './registry.ts';

const document = readFileSync(new URL('../../docs/devices.md', import.meta.url), 'utf8');
const blocks = [...document.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json ?? ''));

const shapes = { momentary: 'event', state: 'state', measure: 'number' } as const;

it('lists every kind with its value, unit and code, and no other', () => {
  const rows = [...document.matchAll(/^\| `(\w+)` \| (event|state|number) \| (\S*) ?\| (\S*) ?\| (.*?) ?\|$/gm)];
  expect(rows.map(([, kind]) => kind)).toEqual(readingKind.options);
  for (const [, kind, shape, unit, loinc, note] of rows) {
    const facts = factsOf(readingKind.parse(kind));
    expect({ kind, shape, unit, loinc }).toEqual({
      kind,
      shape: shapes[facts.shape],
      unit: facts.unit ? `\`${facts.unit}\`` : '',
      loinc: facts.loinc ?? '',
    });
    expect(note === 'life-critical').toBe(facts.critical);
  }
});

const say = (topic: string, body: string) =>
  decode(
    {
      kind: 'packet',
      hubId: 'h',
      topic,
      payload: Buffer.from(body),
      qos: 1,
      retain: false,
      receivedAt: 0,
      monotonicAt: 0,
    },
    { hubId: 'h', householdId: 'x', catalogue: null, ecosystem: 'shouwang' },
  );

it('gives an example that is understood whole', () => {
  expect(say('sw/hub/up', JSON.stringify(blocks[0]))).toMatchObject({
    event: { boot: 'f3a9', seq: 12, clockAt: Date.UTC(2026, 10, 22, 2, 10) },
    readings: [
      { kind: 'motion', ageMs: 120 },
      { kind: 'temperature', value: 19.5, ageMs: 30_120 },
    ],
  });
});

it('shows the acknowledgement that is sent', () => {
  const sent = acknowledgement('sw/hub/emergency', { boot: 'f3a9', seq: 12 }, 'shouwang');
  expect(JSON.parse(sent?.payload ?? '')).toEqual(blocks[1]);
});

it('shows the news that is sent when somebody takes an emergency', () => {
  expect(JSON.parse(takenNews('shouwang', 'hub', 'sos')?.payload ?? '')).toEqual(blocks[2]);
});

it('presses an SOS from a shell', () => {
  const [, topic, body] = /-t (\S+) \\\n {2}-m '(.*)'/.exec(document) ?? [];
  expect(say(topic ?? '', body ?? '').readings).toMatchObject([{ kind: 'sos', device: 'pendant-1', value: true }]);
});

import { freshDatabase, postgresAvailable, startPostgres } from '../postgres.ts';
import { startFreshSystem } from '../system.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { type Asking, asksAnything } from './generated-bodies/asking.ts';
import { decodesAnything } from './generated-bodies/decoding.ts';

/** Of all bodies so much is given to the decoders, and the rest to the API: on SQLite, and a part on PostgreSQL, which refuses more. */
const split = { payloads: 0.6, sqlite: 0.25, postgres: 0.15 } as const;
const counts = { short: 3_000, full: 100_000 } as const;

async function asked(
  env: Readonly<Record<string, string>>,
  seed: number,
  count: number,
): Promise<Asking & { exit: number | null }> {
  const system = await startFreshSystem({ env });
  try {
    const asking = await asksAnything(system, seed, count);
    return { ...asking, exit: await system.stop() };
  } finally {
    await system.end();
  }
}

async function onPostgres(seed: number, count: number): ReturnType<typeof asked> {
  const server = await startPostgres();
  try {
    return await asked({ SHOUWANG_DATABASE_URL: await freshDatabase(server.url) }, seed, count);
  } finally {
    await server.stop();
  }
}

async function run({ seed, size, count, say }: FaultRun): Promise<Outcome> {
  const all = count ?? counts[size];
  const missing = postgresAvailable();
  const decoded = decodesAnything(seed, Math.round(all * split.payloads));
  say(`${decoded.checked} payloads decoded`);
  const sqlite = await asked({}, seed, Math.round(all * split.sqlite));
  say(`${sqlite.asked} requests over SQLite`);
  const postgres = missing ? null : await onPostgres(seed, Math.round(all * split.postgres));
  const exits = [sqlite, ...(postgres ? [postgres] : [])].map(({ exit }) => exit);
  const sum = (of: 'accepted' | 'refused' | 'compared') => sqlite[of] + (postgres?.[of] ?? 0);
  return {
    load: { roles: 7, engines: postgres ? 'SQLite, PostgreSQL' : 'SQLite' },
    faults: { payloads: decoded.checked, requests: sqlite.asked, requestsOverPostgres: postgres?.asked ?? 0 },
    counts: {
      ...{ accepted: sum('accepted'), refused: sum('refused'), foreignCompared: sum('compared') },
    },
    broken: [
      ...decoded.broken.map((sentence) => `a payload ${sentence}`),
      ...sqlite.broken.map((sentence) => `over SQLite: ${sentence}`),
      ...(postgres?.broken ?? []).map((sentence) => `over PostgreSQL: ${sentence}`),
      ...brokenOf(
        [exits.every((exit) => exit === 0), `the processes ended with ${exits.join(' and ')}`],
        [sum('accepted') > 0 && sum('compared') > 0, 'nothing was accepted, or nothing foreign was asked for'],
      ),
    ],
    ...(missing && { notShown: [missing] }),
  };
}

export const generatedBodies: Fault = {
  name: 'generated-bodies',
  happens: 'payloads and requests that no sane sender makes: generated from our own schemas, and against them',
  bar: 'decoders never throw and never go silent about an emergency, no payload spoils a home; no answer of 5xx, no answer against the OpenAPI document, no word of what is out of scope',
  unavailable: playable,
  run,
};

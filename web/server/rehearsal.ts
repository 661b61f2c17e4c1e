import type { Server } from 'node:http';
import { join } from 'node:path';
import type { FastifyServerFactory, InjectOptions } from 'fastify';
import type { Category } from '../../domain/category.ts';
import type { Finding } from '../../domain/finding.ts';
import { ROOT_AREA } from '../../domain/household.ts';
import type { Role } from '../../domain/user.ts';
import { movedClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { openMetrics } from '../../runtime/metrics.ts';
import { openNudge } from '../../runtime/nudge.ts';
import { hashOfKey, newKey } from '../../store/hub.ts';
import { openStoreHere } from '../../store/open.ts';
import { temporaryFolder } from '../../test/memory.ts';
import { registrationsRequest } from '../wire/household.ts';
import type { Deps } from './deps.ts';
import { buildServer } from './server.ts';

export const T0 = Date.UTC(2026, 10, 22, 18, 10);

export type Answered = {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, unknown>;
};
type Options = {
  readonly serverFactory?: FastifyServerFactory<Server>;
  readonly deps?: Partial<Deps>;
};

/** For tests: a server over a fresh memory with two stations and a home in each, where anybody can be logged in. */
export async function rehearse({ serverFactory, deps = {} }: Options = {}) {
  const folder = temporaryFolder();
  const { store, close } = await openStoreHere(join(folder.path, 'shouwang.db'));
  const clock = movedClock(T0);
  const nudge = openNudge(folder.path);
  const all: Deps = {
    store,
    clock,
    nudge,
    log: silentLog,
    metrics: openMetrics(),
    screens: join(folder.path, 'screens'),
    publicUrl: null,
    unready: () => [],
    ...deps,
  };
  const app = await buildServer(all, serverFactory);

  const station = async (name: string): Promise<string> => {
    const district = await store.addArea({ area: { kind: 'district', parentId: ROOT_AREA, name: `${name} district` } });
    return (await store.addArea({ area: { kind: 'station', parentId: district.id, name } })).id;
  };
  const north = await station('North');
  const south = await station('South');
  const { registrations } = registrationsRequest.parse({
    registrations: [north, south].map((stationId, n) => ({
      stationId,
      household: { name: `Home ${n}`, address: `${n} Lane`, access: 'key under the pot', mode: 'live' },
      residents: [{ name: `Resident ${n}` }],
      contacts: [{ name: `Contact ${n}`, phone: '+86 816 1234', rank: 1 }],
      hub: { clientId: `hub-${n}`, ecosystem: 'shouwang', power: 'mains' },
      devices: [{ key: 'button', name: 'Button', room: 'bedroom', class: 'emergency_button' }],
    })),
  });
  const registered = await store.register({ registrations, now: T0 });
  const homes = (registered.registered ?? []).map((it) => ({ id: it.householdId, hubId: it.credential?.hubId ?? '' }));
  const [home, otherHome] = homes;
  if (!home || !otherHome) throw new Error('two homes were registered');

  let people = 0;
  /** Logs somebody in; returns the cookie. Family belongs to the first home unless a home is given. */
  async function logIn(role: Role, where: string): Promise<{ cookie: string; id: string; login: string }> {
    const login = `${role}-${++people}`;
    const place = role === 'family' ? { areaId: null, householdId: where } : { areaId: where, householdId: null };
    const user = await store.addUser({
      user: { login, name: login, role, ...place },
      linkHash: login,
      now: clock.now(),
    });
    const token = newKey();
    if (!user) throw new Error(`${login} is taken`);
    await store.openSession({ userId: user.id, tokenHash: hashOfKey(token), now: clock.now() });
    return { cookie: `shouwang-session=${token}`, id: user.id, login };
  }

  async function ask(
    method: NonNullable<InjectOptions['method']>,
    url: string,
    { cookie, body, headers }: { cookie?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answered> {
    const answer = await app.inject({
      method,
      url,
      headers: { ...(cookie && { cookie }), ...headers },
      ...(body !== undefined && { payload: body as NonNullable<InjectOptions['payload']> }),
    });
    const isJson = String(answer.headers['content-type']).includes('json');
    return { status: answer.statusCode, body: isJson ? answer.json() : { text: answer.body }, headers: answer.headers };
  }

  let causes = 0;
  /** An alert in a home, as an intake would raise it. */
  async function raise(category: Category, householdId: string, hubId: string) {
    const finding: Finding = {
      householdId,
      category,
      about: { hubId, device: 'button' },
      rule: 'critical',
      occurrenceKey: `cause ${++causes}`,
      at: clock.now(),
      delayMs: 0,
      sentence: { zh: '按下了紧急按钮', en: 'The emergency button was pressed' },
      evidence: { readings: [], numbers: {} },
    };
    const [alert] = await store.raise({ findings: [finding], now: clock.now() });
    nudge.send('alerts');
    if (!alert) throw new Error('known already');
    return alert;
  }

  return {
    ...{ app, store, clock, nudge, folder: folder.path, north, south, home, otherHome, logIn, ask, raise },
    async stop() {
      await app.close();
      nudge.close();
      await close();
      folder.remove();
    },
  };
}

export type Rehearsal = Awaited<ReturnType<typeof rehearse>>;

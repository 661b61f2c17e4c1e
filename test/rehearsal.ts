import type { Server } from 'node:http';
import { join } from 'node:path';
import type { FastifyServerFactory, InjectOptions } from 'fastify';
import type { Category } from '../domain/category.ts';
import { ROOT_AREA } from '../domain/household.ts';
import type { Role } from '../domain/user.ts';
import { movedClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { openMetrics } from '../runtime/metrics.ts';
import { openNudge } from '../runtime/nudge.ts';
import type { Store } from '../store/commands.ts';
import { hashOfKey, newKey } from '../store/hub.ts';
import { openStoreHere } from '../store/open.ts';
import type { App, Deps } from '../web/server/deps.ts';
import { buildServer } from '../web/server/server.ts';
import { registrationsRequest } from '../web/wire/household.ts';
import { temporaryFolder } from './memory.ts';

export const T0 = Date.UTC(2026, 10, 22, 18, 10);

type Asked = { readonly cookie?: string; readonly body?: unknown; readonly headers?: Record<string, string> };

const asker =
  (app: App) =>
  async (method: NonNullable<InjectOptions['method']>, url: string, { cookie, body, headers }: Asked = {}) => {
    const answer = await app.inject({
      method,
      url,
      headers: { ...(cookie && { cookie }), ...headers },
      ...(body !== undefined && { payload: body as NonNullable<InjectOptions['payload']> }),
    });
    const isJson = String(answer.headers['content-type']).includes('json');
    const read: Record<string, unknown> = isJson ? answer.json() : { text: answer.body };
    return { status: answer.statusCode, body: read, headers: answer.headers as Record<string, unknown> };
  };

async function addStation(store: Store, name: string): Promise<string> {
  const district = await store.addArea({ area: { kind: 'district', parentId: ROOT_AREA, name: `${name} district` } });
  return (await store.addArea({ area: { kind: 'station', parentId: district.id, name } })).id;
}

async function addHomes(store: Store, stations: readonly string[]): Promise<{ id: string; hubId: string }[]> {
  const { registrations } = registrationsRequest.parse({
    registrations: stations.map((stationId, n) => ({
      stationId,
      household: { name: `Home ${n}`, address: `${n} Lane`, access: 'key under the pot', mode: 'live' },
      residents: [{ name: `Resident ${n}` }],
      contacts: [{ name: `Contact ${n}`, phone: '+86 816 1234', rank: 1 }],
      hub: { clientId: `hub-${n}`, ecosystem: 'shouwang', power: 'mains' },
      devices: [{ key: 'button', name: 'Button', room: 'bedroom', class: 'emergency_button' }],
    })),
  });
  const { registered = [] } = await store.register({ registrations, now: T0 });
  return registered.map((it) => ({ id: it.householdId, hubId: it.credential?.hubId ?? '' }));
}

/** Logs people in without their doing; family belongs to a household, everybody else to an area. */
function logInTo(store: Store, now: () => number) {
  let people = 0;
  return async (role: Role, where: string): Promise<{ cookie: string; id: string; login: string }> => {
    const login = `${role}-${++people}`;
    const place = role === 'family' ? { areaId: null, householdId: where } : { areaId: where, householdId: null };
    const user = await store.addUser({ user: { login, name: login, role, ...place }, linkHash: login, now: now() });
    const token = newKey();
    if (!user) throw new Error(`${login} is taken`);
    await store.openSession({ userId: user.id, tokenHash: hashOfKey(token), now: now() });
    return { cookie: `shouwang-session=${token}`, id: user.id, login };
  };
}

/** Raises alerts as an intake would; each call is a cause of its own. */
function raiseIn(store: Store, now: () => number, told: () => void) {
  let causes = 0;
  return async (category: Category, householdId: string, hubId: string) => {
    const [alert] = await store.raise({
      findings: [
        {
          householdId,
          category,
          about: { hubId, device: 'button' },
          rule: 'critical',
          occurrenceKey: `cause ${++causes}`,
          at: now(),
          delayMs: 0,
          sentence: { zh: '按下了紧急按钮', en: 'The emergency button was pressed' },
          evidence: { readings: [], numbers: {} },
        },
      ],
      now: now(),
    });
    told();
    if (!alert) throw new Error('known already');
    return alert;
  };
}

type Options = { readonly serverFactory?: FastifyServerFactory<Server>; readonly deps?: Partial<Deps> };

/** The API over a fresh memory with two stations and a home in each, where anybody can be logged in. */
export async function rehearse({ serverFactory, deps = {} }: Options = {}) {
  const folder = temporaryFolder();
  const { store, close } = await openStoreHere(join(folder.path, 'shouwang.db'));
  const clock = movedClock(T0);
  const nudge = openNudge(folder.path);
  const whole: Deps = {
    ...{ store, clock, nudge, log: silentLog, metrics: openMetrics() },
    ...{
      screens: join(folder.path, 'screens'),
      publicUrl: null,
      mqtt: { port: 1883, tlsPort: 8883 },
      unready: () => [],
    },
    ...deps,
  };
  const app = await buildServer(whole, serverFactory);
  const north = await addStation(store, 'North');
  const south = await addStation(store, 'South');
  const [home, otherHome] = await addHomes(store, [north, south]);
  if (!home || !otherHome) throw new Error('two homes were registered');

  return {
    ...{ app, store, clock, nudge, north, south, home, otherHome },
    ask: asker(app),
    logIn: logInTo(store, clock.now),
    raise: raiseIn(store, clock.now, () => nudge.send('alerts')),
    async stop() {
      await app.close();
      nudge.close();
      await close();
      folder.remove();
    },
  };
}

export type Rehearsal = Awaited<ReturnType<typeof rehearse>>;

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { household, ROOT_AREA } from '../domain/household.ts';
import type { Role } from '../domain/user.ts';
import { engines } from '../test/memory.ts';
import { type OpenStore, openStoreHere } from './open.ts';
import type { Registration } from './registration.ts';

const T0 = Date.UTC(2026, 10, 22, 18, 10);
const HOUR = 3_600_000;

const home = (stationId: string, name: string, clientId: string | null): Registration => ({
  stationId,
  household: household.omit({ id: true, stationId: true }).parse({ name, access: 'key under the pot', mode: 'live' }),
  residents: [
    {
      name: `${name}·住`,
      birthYear: 1940,
      sex: 'female',
      notes: '',
      limits: {
        systolic: [100, 160],
        diastolic: [60, 100],
        heart_rate: [50, 100],
        spo2: [92, 101],
        body_temperature: [35, 38],
      },
    },
  ],
  contacts: [{ name: 'Next door', relation: 'neighbour', phone: '+86 816 1234', rank: 1 }],
  hub: clientId === null ? null : { clientId, ecosystem: 'shouwang', power: 'mains' },
  devices: clientId === null ? [] : [{ key: 'pir-1', name: 'PIR', room: 'bathroom', class: 'motion' }],
});

const person = (login: string, role: Role, areaId: string | null, householdId: string | null = null) => ({
  login,
  name: login,
  role,
  areaId,
  householdId,
});

describe.each(engines)('the registry on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  let open: OpenStore;
  let north: string;
  let south: string;

  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(() => started.stop());
  beforeEach(async () => {
    open = await openStoreHere(await started.database());
    const add = async (kind: 'district' | 'station', parentId: string, name: string) =>
      (await open.store.addArea({ area: { kind, parentId, name } })).id;
    north = await add('station', await add('district', ROOT_AREA, 'D1'), 'North');
    south = await add('station', await add('district', ROOT_AREA, 'D2'), 'South');
  });
  afterEach(() => open.close());

  const registered = async (...registrations: Registration[]) => {
    const answer = await open.store.register({ registrations, now: T0 });
    if (!('registered' in answer) || !answer.registered) throw new Error('not registered');
    return answer.registered;
  };

  test('registers homes with all that belongs to them, and whoever watches the registry sees each of them once', async () => {
    const many = Array.from({ length: 450 }, (_, n) => home(n % 2 ? north : south, `Home ${n}`, `hub-${n}`));
    const answers = await registered(...many);
    expect(new Set(answers.map((it) => it.householdId)).size).toBe(450);
    const seen: string[] = [];
    for (let revision = 0; ; ) {
      const page = await open.store.householdsSince({ revision, limit: 100 });
      if (page.households.length === 0) break;
      seen.push(...page.households.map((it) => it.householdId));
      revision = page.revision;
    }
    expect(seen.toSorted()).toEqual(answers.map((it) => it.householdId).toSorted());
    const { hubs } = await open.store.hubsSince({ revision: 0, limit: 1_000 });
    expect(hubs).toHaveLength(450);
    expect(hubs.every((hub) => hub.keyHashes.length === 1 && hub.mode === 'live')).toBe(true);
    const file = await open.store.householdFile({ id: answers[0]!.householdId, now: T0 });
    expect(file).toMatchObject({
      household: { name: 'Home 0', access: 'masked' },
      areas: [{ name: '守望' }, { name: 'D2' }, { name: 'South' }],
      residents: [{ name: 'Home 0·住' }],
      contacts: [{ phone: '+86 816 1234' }],
      hubs: [{ clientId: 'hub-0', connected: false, lastHeardAt: null, activeKeys: 1 }],
      devices: [{ key: 'pir-1', room: 'bathroom', state: 'never_heard', battery: null, last: [] }],
    });
  });

  test('registers none when one client identifier is taken, and says which rows are at fault', async () => {
    await registered(home(north, 'First', 'hub-1'));
    const answer = await open.store.register({
      registrations: [
        home(north, 'A', 'hub-2'),
        home(north, 'B', 'hub-1'),
        home(north, 'C', 'hub-2'),
        home(north, 'D', null),
      ],
      now: T0,
    });
    expect(answer).toEqual({
      conflicts: [
        { index: 1, clientId: 'hub-1' },
        { index: 2, clientId: 'hub-2' },
      ],
    });
    const all = { areaId: ROOT_AREA, householdId: null };
    expect((await open.store.households({ scope: all, search: '', limit: 10, offset: 0 })).total).toBe(1);
  });

  test('a scope covers what stands below its area, or one household, and nothing else', async () => {
    const [a, b] = await registered(home(north, 'A', 'hub-a'), home(south, 'B', null));
    const listed = async (areaId: string | null, householdId: string | null) =>
      (
        await open.store.households({ scope: { areaId, householdId }, search: '', limit: 10, offset: 0 })
      ).households.map((it) => it.name);
    expect(await listed(ROOT_AREA, null)).toEqual(['A', 'B']);
    expect(await listed(north, null)).toEqual(['A']);
    expect(await listed(null, b!.householdId)).toEqual(['B']);
    expect(await listed(null, null)).toEqual([]);
    const names = async (areaId: string | null, householdId: string | null) =>
      (await open.store.areas({ scope: { areaId, householdId } })).map((it) => it.name);
    expect(await names(north, null)).toEqual(['North']);
    expect((await names(ROOT_AREA, null)).toSorted()).toEqual(['D1', 'D2', 'North', 'South', '守望']);
    expect(await names(null, a!.householdId)).toEqual(['North', 'D1', '守望']);
    const places = await open.store.placesOf({
      things: [
        { kind: 'household', id: a!.householdId },
        { kind: 'hub', id: a!.credential!.hubId },
        { kind: 'area', id: south },
        { kind: 'area', id: 'nowhere' },
        { kind: 'alert', id: 'none' },
      ],
    });
    expect(places).toMatchObject([
      { householdId: a!.householdId, areaIds: [north, expect.any(String), ROOT_AREA] },
      { householdId: a!.householdId, areaIds: [north, expect.any(String), ROOT_AREA] },
      { householdId: null, areaIds: [south, expect.any(String), ROOT_AREA] },
      null,
      null,
    ]);
  });

  test('finds a home by its name, its address or who lives there, and takes % and _ for what they are', async () => {
    await registered(home(north, '100% wool', null), home(north, '100 steps', null), home(north, 'ÅNGSTRÖM', null));
    const found = async (search: string) =>
      (
        await open.store.households({ scope: { areaId: north, householdId: null }, search, limit: 10, offset: 0 })
      ).households.map((it) => it.name);
    expect(await found('100%')).toEqual(['100% wool']);
    expect(await found('WOOL·住')).toEqual(['100% wool']);
    expect(await found('_')).toEqual([]);
    expect(await found('100')).toEqual(['100 steps', '100% wool']);
    expect(await found('ÅNGSTRÖM')).toEqual(['ÅNGSTRÖM']);
  });

  test('a hub that changes while it is asked for is never without its keys', async () => {
    const [a] = await registered(home(north, 'A', 'hub-a'));
    const { hubId } = a!.credential!;
    let changing = true;
    const changes = (async () => {
      for (let now = 0; now < 30; now++) await open.store.addHubKey({ hubId, now });
      changing = false;
    })();
    while (changing) {
      const { hubs } = await open.store.hubsSince({ revision: 0, limit: 10 });
      expect(hubs[0]?.keyHashes.length).toBeGreaterThan(0);
    }
    await changes;
  });

  test('a change of a home changes only what it names, and reaches those who watch it and the front door', async () => {
    const [a] = await registered(home(north, 'A', 'hub-a'));
    const id = a!.householdId;
    const before = await open.store.hubsSince({ revision: 0, limit: 10 });
    await open.store.changeHousehold({ id, change: { mode: 'paused' } });
    const { hubs } = await open.store.hubsSince({ revision: before.revision, limit: 10 });
    expect(hubs).toMatchObject([{ clientId: 'hub-a', mode: 'paused' }]);
    expect(await open.store.accessTo({ id })).toBe('key under the pot');
    const { revision } = await open.store.householdsSince({ revision: 0, limit: 10 });
    const device = {
      householdId: id,
      hubId: a!.credential!.hubId,
      key: 'pir-1',
      name: '',
      room: 'hall',
      class: 'motion',
    } as const;
    expect(await open.store.describeDevice({ device })).toBe(true);
    expect(await open.store.describeDevice({ device: { ...device, hubId: 'of another' } })).toBe(false);
    const { households } = await open.store.householdsSince({ revision, limit: 10 });
    expect(households).toMatchObject([{ householdId: id, devices: [{ room: 'hall' }] }]);
  });

  test('what belongs to one home cannot be changed or removed through another', async () => {
    const [a, b] = await registered(home(north, 'A', null), home(north, 'B', null));
    const file = await open.store.householdFile({ id: a!.householdId, now: T0 });
    const resident = file!.residents[0]!;
    const contact = file!.contacts[0]!;
    expect(await open.store.changeResident({ resident: { ...resident, householdId: b!.householdId } })).toBe(false);
    expect(await open.store.removeContact({ householdId: b!.householdId, id: contact.id })).toBe(false);
    expect(await open.store.removeContact({ householdId: a!.householdId, id: contact.id })).toBe(true);
    const pause = { householdId: a!.householdId, kind: 'absence', fromAt: T0, toAt: T0 + HOUR, reason: '' } as const;
    const { id } = await open.store.addPause({ pause });
    expect(await open.store.endPause({ householdId: b!.householdId, id, now: T0 + 1 })).toBe(false);
    expect(await open.store.endPause({ householdId: a!.householdId, id, now: T0 + 1 })).toBe(true);
    expect((await open.store.householdFile({ id: a!.householdId, now: T0 + 2 }))!.pauses).toEqual([]);
  });

  test('a link opens one session, once, within a day', async () => {
    const user = await open.store.addUser({ user: person('anna', 'operator', north), linkHash: 'l1', now: T0 });
    expect(await open.store.addUser({ user: person('anna', 'owner', ROOT_AREA), linkHash: 'l2', now: T0 })).toBeNull();
    const use = (linkHash: string, tokenHash: string, now: number) =>
      open.store.openSessionByLink({ linkHash, tokenHash, now });
    expect(await use('l1', 's1', T0 + 1)).toEqual(user);
    expect(await use('l1', 's2', T0 + 2)).toBeNull();
    await open.store.addLink({ userId: user!.id, linkHash: 'l3', now: T0 });
    await open.store.addLink({ userId: user!.id, linkHash: 'l4', now: T0 });
    expect(await use('l3', 's3', T0 + 3)).toBeNull();
    expect(await use('l4', 's4', T0 + 24 * HOUR)).toBeNull();
  });

  test('a session ends after twelve idle hours, after thirty days, and when its user sets a password elsewhere', async () => {
    const user = await open.store.addUser({ user: person('anna', 'operator', north), linkHash: 'l1', now: T0 });
    const userId = user!.id;
    await open.store.openSession({ userId, tokenHash: 'a', now: T0 });
    const holds = async (tokenHash: string, now: number) => (await open.store.sessionOf({ tokenHash, now })) !== null;
    expect(await holds('a', T0 + 12 * HOUR - 1)).toBe(true);
    expect(await holds('a', T0 + 12 * HOUR)).toBe(false);
    expect(await open.store.sessionOf({ tokenHash: 'a', now: T0 + 60_000 })).toMatchObject({ prolong: false });
    expect(await open.store.sessionOf({ tokenHash: 'a', now: T0 + HOUR })).toMatchObject({ user, prolong: true });
    for (let hour = 0; hour < 30 * 24; hour += 6)
      await open.store.prolongSession({ tokenHash: 'a', now: T0 + hour * HOUR });
    expect(await holds('a', T0 + 30 * 24 * HOUR - 1)).toBe(true);
    expect(await holds('a', T0 + 30 * 24 * HOUR)).toBe(false);
    await open.store.openSession({ userId, tokenHash: 'b', now: T0 });
    await open.store.setPassword({ userId, passwordHash: 'h', keep: 'b' });
    expect(await open.store.sessionsHolding({ tokenHashes: ['a', 'b', 'c'], now: T0 })).toEqual(['b']);
    await open.store.endSession({ tokenHash: 'b' });
    expect(await holds('b', T0)).toBe(false);
  });

  test('the first owner is let in for as long as nobody can come in, and never after', async () => {
    expect(await open.store.addFirstOwnerLink({ linkHash: 'l1', now: T0 })).toBe(true);
    expect(await open.store.addFirstOwnerLink({ linkHash: 'l2', now: T0 })).toBe(true);
    const owner = await open.store.openSessionByLink({ linkHash: 'l2', tokenHash: 's', now: T0 });
    expect(owner).toMatchObject({ login: 'owner', role: 'owner', areaId: ROOT_AREA });
    expect(await open.store.addFirstOwnerLink({ linkHash: 'l3', now: T0 + HOUR })).toBe(false);
    expect(await open.store.addFirstOwnerLink({ linkHash: 'l4', now: T0 + 13 * HOUR })).toBe(true);
    await open.store.setPassword({ userId: owner!.id, passwordHash: 'h', keep: 's' });
    expect(await open.store.addFirstOwnerLink({ linkHash: 'l5', now: T0 + 26 * HOUR })).toBe(false);
  });

  test('users are listed by where their role holds', async () => {
    const [a] = await registered(home(north, 'A', null));
    const add = (login: string, role: Role, areaId: string | null, householdId: string | null = null) =>
      open.store.addUser({ user: person(login, role, areaId, householdId), linkHash: login, now: T0 });
    await add('city', 'owner', ROOT_AREA);
    await add('desk', 'operator', north);
    await add('elsewhere', 'operator', south);
    await add('son', 'family', null, a!.householdId);
    const logins = async (areaId: string) =>
      (await open.store.users({ scope: { areaId, householdId: null } })).map((it) => it.login);
    expect(await logins(north)).toEqual(['desk', 'son']);
    expect(await logins(ROOT_AREA)).toEqual(['city', 'desk', 'elsewhere', 'son']);
  });

  test('a page that stays open is one look, asking how to get in is a look each time', async () => {
    const look = (what: 'file' | 'access', now: number) =>
      open.store.recordLook({ userId: 'u', householdId: 'h', what, now });
    await look('file', T0);
    await look('file', T0 + 30_000);
    await look('access', T0 + 40_000);
    await look('access', T0 + 50_000);
    await look('file', T0 + 600_000);
    expect((await open.store.looksAt({ householdId: 'h', limit: 10 })).map((it) => [it.what, it.at - T0])).toEqual([
      ['file', 600_000],
      ['access', 50_000],
      ['access', 40_000],
      ['file', 0],
    ]);
  });
});

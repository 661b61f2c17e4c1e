import type { Role } from '../../../domain/user.ts';
import type { AlertAnswer, QueueAnswer } from '../../../web/wire/alert.ts';
import type { HouseholdFile } from '../../../web/wire/household.ts';
import { logIn, type Person, registerHomes } from '../../person.ts';
import { type System, until } from '../../system.ts';
import { letIn } from '../let-in.ts';
import type { Known } from './values.ts';

/** Somebody who asks: nobody, or a role somewhere. The session is renewed when something asked has ended it. */
export type Asker = { readonly role: Role | 'nobody'; readonly userId: string | null; cookie: string };

export type District = {
  /** An owner who takes no part, so that the others can be let in again. */
  readonly keeper: Person;
  readonly askers: readonly [Asker, ...Asker[]];
  /** What lies in the scope of nobody but the owner. */
  readonly foreign: Readonly<Record<'area' | 'household' | 'hub' | 'alert' | 'user' | 'webhook', string>>;
  readonly letIn: (asker: Asker) => Promise<void>;
  /** All that there is to be asked about, as it is now. */
  readonly known: () => Promise<Known>;
};

let visits = 0;
/** Log-ins are counted by address, and a proxy on this machine is believed. */
const anotherAddress = (): string => `10.${(visits >> 16) & 255}.${(visits >> 8) & 255}.${visits++ & 255}`;

async function enter(httpUrl: string, link: string): Promise<string> {
  const token = new URLSearchParams(new URL(link).hash.slice(1)).get('token');
  const answer = await fetch(`${httpUrl}/api/session/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: httpUrl, 'x-forwarded-for': anotherAddress() },
    body: JSON.stringify({ token }),
  });
  if (!answer.ok) throw new Error(`nobody was let in: ${answer.status} ${await answer.text()}`);
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

type Home = { readonly householdId: string; readonly hubId: string; readonly clientId: string; readonly key: string };

/** A home beyond everybody's station, with a hub, a webhook and a user of its own. */
async function settleAbroad(keeper: Person): Promise<Home & { areaId: string; user: string; webhook: string }> {
  const { area } = await keeper.post<{ area: { id: string } }>('/areas', {
    kind: 'station',
    parentId: 'root',
    name: '外地站',
  });
  const { registered } = await keeper.post<{ registered: Home[] }>('/registrations', {
    registrations: [
      {
        ...{ stationId: area.id, household: { name: '外地家庭', mode: 'live' }, residents: [{ name: '外地老人' }] },
        hub: { clientId: 'hub-abroad', ecosystem: 'shouwang', power: 'mains' },
      },
    ],
  });
  const home = registered[0];
  if (!home) throw new Error('a home was registered');
  const who = { login: 'abroad', name: '外地', role: 'operator', areaId: area.id };
  const { user } = await keeper.post<{ user: { id: string } }>('/users', who);
  const hook = { areaId: area.id, audience: 'station', url: 'http://127.0.0.1:9/x' };
  const { webhook } = await keeper.post<{ webhook: { id: string } }>('/webhooks', hook);
  return { ...home, areaId: area.id, user: user.id, webhook: webhook.id };
}

async function callForHelp(port: number, { clientId, key }: Home): Promise<void> {
  const hub = await letIn(port, { clientId, key });
  await hub.publishAsync(`sw/${clientId}/emergency`, '{"readings":[{"kind":"sos","device":"button"}]}', { qos: 1 });
  await hub.endAsync();
}

async function idsOf(keeper: Person): Promise<Known> {
  const { alerts } = await keeper.get<QueueAnswer>('/alerts?limit=50');
  const { households } = await keeper.get<{ households: { id: string }[] }>('/households?limit=50');
  const files = await Promise.all(
    households.slice(0, 6).map(({ id }) => keeper.get<HouseholdFile>(`/households/${id}`)),
  );
  const [first] = alerts;
  const record = first && (await keeper.get<AlertAnswer>(`/alerts/${first.id}`));
  const ids = (of: readonly { readonly id: string }[]): string[] => of.map(({ id }) => id);
  const unknown = crypto.randomUUID();
  return {
    household: [...ids(households), 'system', unknown],
    alert: [...ids(alerts), unknown],
    hub: [...files.flatMap(({ hubs }) => ids(hubs)), unknown],
    part: [...files.flatMap(({ residents, contacts, pauses }) => ids([...residents, ...contacts, ...pauses])), unknown],
    area: [...ids((await keeper.get<{ areas: { id: string }[] }>('/areas')).areas).slice(-40), 'root', unknown],
    user: [...ids((await keeper.get<{ users: { id: string }[] }>('/users')).users).slice(-40), unknown],
    webhook: [...ids((await keeper.get<{ webhooks: { id: string }[] }>('/webhooks')).webhooks).slice(-40), unknown],
    notice: [...ids(record?.notices ?? []), unknown],
  };
}

export async function foundDistrict(system: System): Promise<District> {
  const keeper = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { stationId, homes } = await registerHomes(keeper, 2);
  const abroad = await settleAbroad(keeper);
  for (const home of [...homes, abroad]) await callForHelp(system.mqttPort, home);
  const alert = await until('the alert abroad', async () =>
    (await keeper.get<QueueAnswer>('/alerts')).alerts.find(({ householdId }) => householdId === abroad.householdId),
  );

  const add = async (role: Role): Promise<Asker> => {
    const place =
      role === 'family' ? { householdId: homes[0]?.householdId } : { areaId: role === 'owner' ? 'root' : stationId };
    const who = { login: `asks-as-${role}`, name: role, role, ...place };
    const { user, link } = await keeper.post<{ user: { id: string }; link: string }>('/users', who);
    return { role, userId: user.id, cookie: await enter(system.httpUrl, link) };
  };
  const roles = ['owner', 'supervisor', 'operator', 'hotline', 'installer', 'family'] as const;
  const askers: [Asker, ...Asker[]] = [{ role: 'nobody', userId: null, cookie: '' }];
  for (const role of roles) askers.push(await add(role));

  const entering = new Map<Asker, Promise<void>>();
  /** An owner among the askers may meanwhile have asked for another link, which ends this one. */
  const again = (asker: Asker): Promise<void> =>
    until(`${asker.role} to be let in`, async () => {
      const { link } = await keeper.post<{ link: string }>(`/users/${asker.userId}/link`);
      asker.cookie = await enter(system.httpUrl, link).catch(() => '');
      return asker.cookie !== '';
    }).then(() => {});

  return {
    keeper,
    askers,
    foreign: {
      ...{ area: abroad.areaId, household: abroad.householdId, hub: abroad.hubId, alert: alert.id },
      ...{ user: abroad.user, webhook: abroad.webhook },
    },
    letIn(asker) {
      const underWay = entering.get(asker) ?? again(asker).finally(() => entering.delete(asker));
      entering.set(asker, underWay);
      return underWay;
    },
    known: () => idsOf(keeper),
  };
}

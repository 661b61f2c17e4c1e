import type { HubLine } from '../device-sim/hubs-csv.ts';

/** Somebody at the API, as a console would be: logged in by a one-time link, with a session's cookie. */
export type Person = {
  readonly cookie: string;
  readonly get: <T = Record<string, unknown>>(path: string) => Promise<T>;
  readonly post: <T = Record<string, unknown>>(path: string, body?: unknown) => Promise<T>;
  readonly request: (method: string, path: string, body?: unknown) => Promise<Response>;
};

export async function logIn(httpUrl: string, link: string): Promise<Person> {
  const token = new URLSearchParams(new URL(link).hash.slice(1)).get('token');
  const answer = await fetch(`${httpUrl}/api/session/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: httpUrl },
    body: JSON.stringify({ token }),
  });
  if (!answer.ok) throw new Error(`log-in was answered ${answer.status}: ${await answer.text()}`);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  return personAt(httpUrl, cookie);
}

/** Who has logged in already, at another address of the same server. */
export function personAt(httpUrl: string, cookie: string): Person {
  const request = (method: string, path: string, body?: unknown) =>
    fetch(`${httpUrl}/api${path}`, {
      method,
      headers: { cookie, origin: httpUrl, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const answered = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await request(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  return { cookie, request, get: (path) => answered('GET', path), post: (path, body) => answered('POST', path, body) };
}

export type Registered = { householdId: string; hubId: string; clientId: string; username: string; key: string };

/** The server takes so many in one request. */
const REGISTRATIONS_AT_ONCE = 500;

/** A city with one station, and `count` live homes there, each with a hub of our own protocol. */
export async function registerHomes(
  owner: Person,
  count: number,
  household: Record<string, unknown> = {},
): Promise<{ stationId: string; homes: Registered[] }> {
  const area = async (kind: string, parentId: string, name: string) =>
    (await owner.post<{ area: { id: string } }>('/areas', { kind, parentId, name })).area.id;
  const district = await area('district', 'root', '测试区');
  const stationId = await area('station', await area('street', district, '测试街道'), '测试社区站');
  const registrations = Array.from({ length: count }, (_, i) => ({
    stationId,
    household: { name: `测试家庭 ${i + 1}`, address: `测试路 ${i + 1} 号`, mode: 'live', ...household },
    residents: [{ name: `测试老人 ${i + 1}`, birthYear: 1940 }],
    contacts: [{ name: '测试联系人', relation: '女儿', phone: '13800000000', rank: 1 }],
    hub: { clientId: `hub-${i + 1}`, ecosystem: 'shouwang', power: 'mains' },
    devices: [{ key: 'button', name: '紧急按钮', room: '卧室', class: 'emergency_button' }],
  }));
  const homes: Registered[] = [];
  for (let from = 0; from < count; from += REGISTRATIONS_AT_ONCE) {
    const some = { registrations: registrations.slice(from, from + REGISTRATIONS_AT_ONCE) };
    homes.push(...(await owner.post<{ registered: Registered[] }>('/registrations', some)).registered);
  }
  return { stationId, homes };
}

/** Homes as a load generator wants them. */
export const hubLinesOf = (homes: readonly Registered[]): HubLine[] =>
  homes.map(({ clientId, username, key }) => ({ clientId, username, password: key, topic: `sw/${clientId}/up` }));

import { isAuthentic } from '../../../alerts/channels/signature.ts';
import { webhookMessage } from '../../../alerts/channels/webhook-message.ts';
import type { Received } from '../../../alerts/test-receiver.ts';
import type { AlertAnswer, QueueAnswer } from '../../../web/wire/alert.ts';
import type { HouseholdFile } from '../../../web/wire/household.ts';
import type { SystemAnswer } from '../../../web/wire/system.ts';
import type { Person } from '../../person.ts';
import { until } from '../../system.ts';
import { type NastyHome, UNREADABLE } from './homes.ts';
import { linesOf } from './line-protocol.ts';

/** Notes each text that came back as another, by where it came back. */
export type Compare = (where: string, sent: string, came: unknown) => void;

/** What is escaped where people look at raw messages, read back. */
const unescaped = (text: string): string =>
  text.replace(/\\u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** What was registered, as the API gives it back; and the home is found by what it is called. */
export async function readBack(owner: Person, home: NastyHome, compare: Compare): Promise<void> {
  const { text, householdId } = home;
  const file = await owner.get<HouseholdFile>(`/households/${householdId}`);
  compare('household name', text, file.household.name);
  compare('address', text, file.household.address);
  compare('station', text, file.areas.at(-1)?.name);
  compare('resident', text, file.residents[0]?.name);
  compare('notes', text, file.residents[0]?.notes);
  compare('contact', text, file.contacts[0]?.name);
  compare('relation', text, file.contacts[0]?.relation);
  const device = file.devices.find(({ key }) => key === text);
  compare('device name', text, device?.name);
  compare('room', text, device?.room);
  const { access } = await owner.post<{ access: string }>(`/households/${householdId}/access`);
  compare('how to get in', text, access);
  const search = new URLSearchParams({ search: text, limit: '200' });
  const { households } = await owner.get<{ households: { id: string; name: string }[] }>(`/households?${search}`);
  compare('search', text, households.find(({ id }) => id === householdId)?.name);
  const { entries } = await until('the press in the timeline', async () => {
    const timeline = await owner.get<{ entries: { device: string; deviceName: string }[] }>(
      `/households/${householdId}/timeline`,
    );
    return timeline.entries.length > 0 && timeline;
  });
  compare('timeline', text, entries[0]?.device);
  compare('timeline name', text, entries[0]?.deviceName);
}

/** Its alert, with what somebody notes on it. */
export async function attend(owner: Person, { text, householdId }: NastyHome, compare: Compare): Promise<void> {
  const alert = await until('the alert of the home', async () => {
    const file = await owner.get<HouseholdFile>(`/households/${householdId}`);
    return file.openAlerts.find(({ category }) => category === 'sos');
  });
  compare('alert of household', text, alert.householdName);
  compare('alert of station', text, alert.stationName);
  compare('evidence', text, alert.evidence.readings[0]?.device);
  const named = alert.sentence.zh.includes(text) && alert.sentence.en.includes(text);
  compare('sentence', text, named ? text : alert.sentence.zh);
  await owner.post(`/alerts/${alert.id}/act`, { version: alert.version, action: { kind: 'comment', text } });
  const { events } = await owner.get<AlertAnswer>(`/alerts/${alert.id}`);
  compare('comment', text, events.find(({ kind }) => kind === 'commented')?.text);
}

/** A user of that name, as the list of users has them. */
export async function employ(owner: Person, text: string, nth: number, compare: Compare): Promise<void> {
  const login = `${text}-${nth}`;
  const asked = { login, name: text, role: 'operator', areaId: 'root' };
  const { user } = await owner.post<{ user: { id: string } }>('/users', asked);
  const { users } = await owner.get<{ users: { id: string; login: string; name: string }[] }>('/users');
  const found = users.find(({ id }) => id === user.id);
  compare('login', login.toLowerCase(), found?.login);
  compare('user', text, found?.name);
}

/** What nobody could read of homes that have just spoken, as the owner is shown it: the latest, and so only of some homes at once. */
export async function unread(owner: Person, homes: readonly NastyHome[], compare: Compare): Promise<void> {
  const byHub = await until('what these homes said to be listed', async () => {
    const { unreadable } = await owner.get<SystemAnswer>('/system');
    const found = Map.groupBy(unreadable, ({ hubId }) => hubId);
    return homes.every(({ hubId }) => (found.get(hubId)?.length ?? 0) >= UNREADABLE) && found;
  });
  for (const { text, hubId } of homes) {
    for (const { topic, sample } of byHub.get(hubId) ?? []) {
      compare('sample', text, unescaped(sample));
      if (topic.startsWith('x/')) compare('topic', `x/${text.replace(/[#+]/g, '')}`, unescaped(topic));
    }
  }
}

/** What the receivers of webhooks were sent, signed. */
export async function told(
  received: readonly Received[],
  secret: string,
  homes: readonly NastyHome[],
  compare: Compare,
): Promise<void> {
  const messages = () =>
    received.map(({ headers, body }) => {
      const signed = {
        timestamp: `${headers['shouwang-timestamp']}`,
        signature: `${headers['shouwang-signature']}`,
        body,
      };
      compare('signature', 'authentic', isAuthentic(secret, signed, Date.now()) ? 'authentic' : 'not');
      return webhookMessage.parse(JSON.parse(body));
    });
  const byHome = await until('all webhooks', () => {
    const found = new Map(received.map(({ body }) => [JSON.parse(body).household.id as string, body]));
    return (
      homes.every(({ householdId }) => found.has(householdId)) &&
      Map.groupBy(messages(), ({ household }) => household.id)
    );
  });
  for (const { text, householdId } of homes) {
    for (const { household, residents, contacts } of byHome.get(householdId) ?? []) {
      compare('webhook household', text, household.name);
      compare('webhook address', text, household.address);
      compare('webhook resident', text, residents[0]?.name);
      compare('webhook contact', text, contacts[0]?.name);
    }
  }
}

/** The line protocol has no way to write a backslash at the end of a tag, nor a line break within: those are written as something else. */
const asTag = (text: string): string =>
  text.replaceAll('\\', '/').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');

/** Each device one series a kind, and no other. */
export async function exported(text: () => string, homes: readonly NastyHome[], compare: Compare): Promise<void> {
  const lines = await until('all readings to be exported', () => {
    const found = linesOf(text());
    return new Set(found.map(({ tags }) => tags.household)).size >= homes.length && found;
  });
  for (const home of homes) {
    const own = lines.filter(({ tags }) => tags.household === home.householdId && tags.device !== '-');
    for (const { tags } of own) {
      compare('series device', asTag(home.text), tags.device);
      compare('series hub', home.hubId, tags.hub);
      compare('series tags', 'device,household,hub', Object.keys(tags).sort().join());
    }
    const kinds = own.map(({ measurement }) => measurement).sort();
    compare('series kinds', 'heart_rate,heartbeat,sos', [...new Set(kinds)].join());
  }
  const known = new Set(homes.map(({ householdId }) => householdId));
  for (const { tags } of lines)
    compare('series household', 'known', known.has(tags.household ?? '') ? 'known' : tags.household);
}

/** The queue as a desk gets it: all of them at once. */
export async function queued(owner: Person, homes: readonly NastyHome[], compare: Compare): Promise<void> {
  const { alerts } = await owner.get<QueueAnswer>('/alerts?limit=500');
  const byHome = new Map(
    alerts.filter(({ category }) => category === 'sos').map((alert) => [alert.householdId, alert]),
  );
  for (const { text, householdId } of homes) compare('queue', text, byHome.get(householdId)?.householdName);
}

import * as z from 'zod';
import { alert } from '../../domain/alert.ts';
import { area, contact, resident } from '../../domain/household.ts';
import { notice } from '../../domain/notice.ts';
import type { Telling } from '../../store/telling.ts';

const instant = z.iso.datetime();

/** What a webhook receives. Fields are added within a version, never taken away or changed; docs/webhook.md explains them. */
export const webhookMessage = z.strictObject({
  version: z.literal(1),
  /** The notice; the same in every attempt at it. */
  delivery: z.string(),
  audience: notice.shape.audience,
  step: z.number().int(),
  round: z.number().int(),
  alert: z.strictObject({
    ...alert.pick({ id: true, category: true, priority: true, state: true, rule: true, sentence: true }).shape,
    occurrences: z.number().int(),
    delayMs: z.number(),
    happenedAt: instant,
    raisedAt: instant,
    lastOccurrenceAt: instant,
    takenAt: instant.nullable(),
    nextDue: instant.nullable(),
  }),
  household: z.strictObject({
    id: z.string(),
    name: z.string(),
    areas: z.array(area.pick({ kind: true, name: true })),
    /** Null for those who are told but do not go there. */
    address: z.string().nullable(),
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
  }),
  residents: z.array(resident.pick({ name: true, birthYear: true, sex: true, notes: true })),
  contacts: z.array(contact.pick({ name: true, relation: true, phone: true, rank: true })),
  /** Where a person who may see it finds the alert. */
  desk: z.string(),
});
export type WebhookMessage = z.infer<typeof webhookMessage>;

const iso = (at: number): string => new Date(at).toISOString();

/** District and owner are told that nobody has acted; only who goes there or calls there needs to know who lives where. */
const acts = (telling: Telling): boolean =>
  telling.notice.audience !== 'district' && telling.notice.audience !== 'owner';

export function messageOf(telling: Telling, publicUrl: string): WebhookMessage {
  const { notice, alert, household, areas, residents, contacts } = telling;
  const { id, category, priority, state, rule, sentence, occurrences, delayMs } = alert;
  const full = acts(telling);
  return {
    version: 1,
    delivery: notice.id,
    audience: notice.audience,
    step: notice.step,
    round: notice.round,
    alert: {
      ...{ id, category, priority, state, rule, sentence, occurrences, delayMs },
      happenedAt: iso(alert.happenedAt),
      raisedAt: iso(alert.raisedAt),
      lastOccurrenceAt: iso(alert.lastOccurrenceAt),
      takenAt: alert.takenAt === null ? null : iso(alert.takenAt),
      nextDue: alert.nextDue === null ? null : iso(alert.nextDue),
    },
    household: {
      id: household.id,
      name: household.name,
      areas: areas.map(({ kind, name }) => ({ kind, name })),
      address: full ? household.address : null,
      latitude: full ? household.latitude : null,
      longitude: full ? household.longitude : null,
    },
    residents: full ? [...residents] : [],
    contacts: full ? [...contacts] : [],
    desk: new URL(`/?alert=${encodeURIComponent(id)}`, publicUrl).href,
  };
}

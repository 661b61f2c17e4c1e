import { type Alert, raise } from '../domain/alert.ts';
import type { Category } from '../domain/category.ts';
import type { Finding } from '../domain/finding.ts';
import type { Notice } from '../domain/notice.ts';
import { planFor } from '../domain/plan.ts';
import type { Telling } from '../store/telling.ts';

/** 02:10 at night in Mianyang. */
export const NIGHT = Date.UTC(2026, 10, 22, 18, 10);

export const aFinding = (category: Category, occurrenceKey = 'k1', at = NIGHT): Finding => ({
  householdId: 'home',
  category,
  about: { hubId: 'hub', device: 'button' },
  rule: 'critical',
  occurrenceKey,
  at,
  delayMs: 0,
  sentence: { zh: '按下了紧急按钮', en: 'The emergency button was pressed' },
  evidence: { readings: [], numbers: {} },
});

export const aNotice = (parts: Partial<Notice> = {}): Notice => ({
  id: 'notice-1',
  alertId: 'alert-1',
  householdId: 'home',
  step: 0,
  round: 0,
  audience: 'station',
  channel: 'console',
  fallback: ['webhook'],
  state: 'due',
  reason: null,
  attempts: 0,
  createdAt: NIGHT,
  nextAttemptAt: NIGHT,
  deliveredAt: null,
  ...parts,
});

export type TellingParts = Partial<Omit<Telling, 'notice' | 'alert' | 'household'>> & {
  readonly category?: Category;
  readonly notice?: Partial<Notice>;
  readonly alert?: Partial<Alert>;
  readonly household?: Partial<Telling['household']>;
};

/** A telling of an alert of a live home, with what a test wants otherwise. */
export function aTelling({ category = 'sos', notice, alert, household, ...rest }: TellingParts = {}): Telling {
  return {
    notice: aNotice(notice),
    alert: { ...raise(aFinding(category), '', planFor(category, {}), 'alert-1', NIGHT).alert, ...alert },
    household: {
      ...{ id: 'home', name: '3-502', address: 'Lane 4', latitude: 31.46, longitude: 104.68, mode: 'live' },
      ...household,
    },
    areas: [{ id: 'station', kind: 'station', parentId: 'root', name: 'East station' }],
    residents: [{ name: 'R', birthYear: 1940, sex: 'female', notes: 'insulin' }],
    contacts: [{ name: 'C', relation: 'daughter', phone: '+86 000 0000', rank: 1 }],
    pauses: [],
    hubLost: false,
    toldLater: false,
    toldLastHour: 0,
    destinations: [],
    ...rest,
  };
}

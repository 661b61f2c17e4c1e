import { deviceFor } from '../../device-sim/home.ts';
import type { Category } from '../../domain/category.ts';
import { categories } from '../../domain/category.ts';
import type { Finding } from '../../domain/finding.ts';
import { hours, minutes, seconds } from '../../domain/time.ts';
import type { BatchLived, Lived } from './virtual-months-batch.ts';

/** What the findings of a batch are worth, held against what happened. */
export type Truth = {
  /** Alarms of no movement in homes in which everybody was up and about. */
  falseInactivity: string[];
  /** Of those who fell where nothing sees it: found, and after how long. */
  collapsed: number;
  unfound: string[];
  longestUnfoundMs: number;
  called: number;
  callsFound: number;
  /** Lost hubs and devices that were really lost, of those that were. */
  lost: number;
  lossesFound: number;
  /** Findings that nothing explains. */
  unexplained: string[];
};

/** A day without a sign of life at the latest; those who may have gone out get that long. */
const COLLAPSE_FOUND_MS = hours(25);
const DEVICE_LOST_MS = hours(25) + minutes(2);
/** The hub's three minutes, and the turns that a town takes by the minute. */
const HUB_FOUND_MS = minutes(5);

export const nothingKnown = (): Truth => ({
  falseInactivity: [],
  collapsed: 0,
  unfound: [],
  longestUnfoundMs: 0,
  called: 0,
  callsFound: 0,
  lost: 0,
  lossesFound: 0,
  unexplained: [],
});

const readingsOf = (findings: readonly Finding[], category: Category): Finding[] =>
  findings.filter((it) => it.category === category);

function judgeCollapse(truth: Truth, name: string, at: number, own: readonly Finding[], toAt: number): void {
  const alarms = readingsOf(own, 'inactivity');
  if (at + COLLAPSE_FOUND_MS > toAt) return;
  truth.collapsed++;
  const found = alarms.find((it) => it.at > at && it.at <= at + COLLAPSE_FOUND_MS);
  if (!found) {
    truth.unfound.push(`${name}, who fell at ${new Date(at).toISOString()}`);
    return;
  }
  truth.longestUnfoundMs = Math.max(truth.longestUnfoundMs, found.at - at);
}

function judgeCalls(
  truth: Truth,
  { home }: Lived,
  at: readonly number[],
  own: readonly Finding[],
  { outage }: BatchLived,
): void {
  // Zigbee2MQTT keeps nothing of what happens while nobody listens.
  const heard = at.filter(
    (it) => home.ecosystem === 'shouwang' || it + minutes(1) < outage.fromAt || it > outage.toAt + seconds(30),
  );
  for (const kind of ['sos', 'fall'] as const) {
    if (!deviceFor(home, kind)) continue;
    truth.called += heard.length;
    truth.callsFound += Math.min(heard.length, readingsOf(own, kind).length);
    if (readingsOf(own, kind).length > at.length)
      truth.unexplained.push(`${home.name}: ${kind} counted more than once`);
  }
}

/** Holds what was found in one home against what happened there. */
function judgeHome(truth: Truth, it: Lived, own: readonly Finding[], batch: BatchLived): void {
  const { plot, home } = it;
  /** From when on a finding of this kind is what happened there. */
  const explained = new Map<Category, number>();
  const isFound = (category: Category, fromAt: number, toAt: number): boolean =>
    readingsOf(own, category).some(({ at }) => at > fromAt && at <= toAt);
  switch (plot.kind) {
    case 'collapses':
      judgeCollapse(truth, `${home.name} (${home.ecosystem})`, plot.at, own, batch.toAt);
      explained.set('inactivity', plot.at);
      break;
    case 'calls':
      judgeCalls(truth, it, plot.at, own, batch);
      explained.set('sos', Number.NEGATIVE_INFINITY).set('fall', Number.NEGATIVE_INFINITY);
      break;
    case 'cut_off': {
      // Only where our own outage falls into the time in which it must be found is there that time again.
      const { outage } = batch;
      const isApart = plot.fromAt + HUB_FOUND_MS < outage.fromAt || plot.fromAt >= outage.toAt;
      const cut = isApart ? plot.fromAt : outage.toAt;
      if (plot.toAt - cut > HUB_FOUND_MS) {
        truth.lost++;
        if (isFound('hub_lost', plot.fromAt, cut + HUB_FOUND_MS)) truth.lossesFound++;
      }
      explained.set('hub_lost', plot.fromAt);
      break;
    }
    case 'device_dies': {
      const latestAt = plot.at + DEVICE_LOST_MS + (batch.outage.toAt - batch.outage.fromAt) * 2 + hours(26);
      if (latestAt < batch.toAt) {
        truth.lost++;
        if (isFound('device_lost', plot.at, latestAt)) truth.lossesFound++;
      }
      explained.set('device_lost', plot.at);
      break;
    }
    case 'nothing':
    case 'repeats':
      break;
    default:
      plot satisfies never;
  }
  for (const finding of own) {
    if (finding.at > (explained.get(finding.category) ?? Number.POSITIVE_INFINITY)) continue;
    const said = `${home.name} (${home.ecosystem}, ${plot.kind}): ${finding.category} at ${new Date(finding.at).toISOString()} ${finding.sentence.en}`;
    if (finding.category === 'inactivity') truth.falseInactivity.push(said);
    else if (finding.category !== 'battery_low') truth.unexplained.push(said);
  }
}

export function judgeBatch(truth: Truth, batch: BatchLived, mayAlsoBe: readonly Category[] = []): void {
  const byHome = Map.groupBy(batch.findings, ({ householdId }) => householdId);
  for (const it of batch.lived) {
    const own = (byHome.get(it.householdId) ?? []).filter(({ category }) => !mayAlsoBe.includes(category));
    judgeHome(truth, it, own, batch);
  }
}

export const isEmergency = ({ category }: Finding): boolean => categories[category].critical;

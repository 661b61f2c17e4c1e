import { join } from 'node:path';
import { openReceiver, silent } from '../../alerts/test-receiver.ts';
import { openTimeline } from '../../alerts/test-timeline.ts';
import type { Category } from '../../domain/category.ts';
import { days, minutes, seconds } from '../../domain/time.ts';
import { temporaryFolder } from '../memory.ts';

/** What a matter of each urgency came to when nobody ever answered. */
export type Unanswered = {
  readonly category: Category;
  readonly steps: number;
  readonly lastStep: number;
  readonly rounds: number;
  readonly roundsExpected: number;
  readonly ownerTold: number;
  /** The last round in which the owner was told; -1: never. */
  readonly ownerToldInRound: number;
  /** Notices without any attempt or reason on record, and those still under way long after their time. */
  readonly unexplained: number;
  readonly deliveries: number;
  readonly reasons: readonly string[];
  /** By how much nothing was said for longer than the plan ever waits. */
  readonly silentTooLongMs: number;
  readonly untoldSamples: number;
  readonly overdueSamples: number;
};

const CATEGORIES: readonly Category[] = ['sos', 'inactivity', 'door_open', 'battery_low'];
const AUDIENCES = ['station', 'family', 'hotline', 'district', 'owner'] as const;

/** Days on a moved clock in which nobody answers: some receivers refuse, some are not there, and no console is open. */
export async function answeredByNobody(lastsMs: number): Promise<Unanswered[]> {
  const folder = temporaryFolder();
  const timeline = await openTimeline(join(folder.path, 'shouwang.db'));
  const refusing = await openReceiver((_, response) => void response.writeHead(503).end());
  const gone = await openReceiver(silent);
  await gone.close();
  for (const audience of AUDIENCES) {
    await timeline.webhook(audience, refusing.url);
    if (audience !== 'owner') await timeline.webhook(audience, gone.url);
  }
  const alerts = [];
  for (const category of CATEGORIES) alerts.push(await timeline.raises(category));
  let untold = 0;
  let overdue = 0;
  for (let passed = 0; passed < lastsMs; passed += minutes(5)) {
    await timeline.forward(minutes(5), seconds(30));
    const { untoldEmergencies, overdueAlerts, overdueNotices } = await timeline
      .store()
      .facts({ now: timeline.clock.now() });
    untold += untoldEmergencies;
    overdue += overdueAlerts + overdueNotices;
  }
  const seen: Unanswered[] = [];
  const now = timeline.clock.now();
  for (const { id, raisedAt } of alerts) {
    const record = await timeline.store().alertRecord({ id });
    if (!record) throw new Error('an alert is gone');
    const { alert, events, notices, deliveries } = record;
    const lastSecond = alert.plan.steps.at(-1)?.afterSeconds ?? 0;
    const told = new Set(deliveries.map(({ noticeId }) => noticeId));
    // The record lists the latest two hundred deliveries: older notices cannot be held against it.
    const listedFrom = deliveries[0]?.attemptedAt ?? now;
    const settled = notices.filter(({ createdAt }) => createdAt >= listedFrom && createdAt < now - minutes(2));
    const ofOwner = notices.filter(({ audience }) => audience === 'owner');
    const waits = alert.plan.steps.map((it, i, all) => it.afterSeconds - (all[i - 1]?.afterSeconds ?? 0));
    const climbed = events.filter(({ kind }) => kind === 'told' || kind === 'raised').map(({ at }) => at);
    const gaps = [...climbed, now].map((at, i, all) => at - (all[i - 1] ?? at));
    seen.push({
      category: alert.category,
      steps: alert.plan.steps.length,
      lastStep: alert.step,
      rounds: alert.round,
      roundsExpected: Math.max(
        0,
        Math.floor((now - raisedAt - seconds(lastSecond)) / seconds(alert.plan.repeatSeconds)),
      ),
      ownerTold: ofOwner.length,
      ownerToldInRound: Math.max(-1, ...ofOwner.map(({ round }) => round)),
      unexplained: settled.filter(({ id: notice }) => !told.has(notice)).length,
      deliveries: deliveries.length,
      reasons: [...new Set(deliveries.map(({ reason }) => reason))].sort(),
      silentTooLongMs: Math.max(0, ...gaps) - seconds(Math.max(alert.plan.repeatSeconds, ...waits)),
      untoldSamples: untold,
      overdueSamples: overdue,
    });
  }
  await refusing.close();
  await timeline.close();
  folder.remove();
  return seen;
}

export const DAYS_MS = { short: minutes(90), full: days(1) } as const;

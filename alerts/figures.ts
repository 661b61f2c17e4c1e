import { seconds } from '../domain/time.ts';
import type { Clock } from '../runtime/clock.ts';
import { repeat, type Stop } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Facts } from '../store/audit.ts';
import type { Answer, Store } from '../store/commands.ts';

const EVERY_MS = seconds(10);

type Seen = Facts & Answer<'figures'> & { readonly now: number };

/** What one number says of the whole system, whoever of its processes is asked. Ages are in seconds. */
const single: readonly (readonly [name: string, help: string, of: (seen: Seen) => number])[] = [
  ['shouwang_alerts_overdue', 'Unclosed alerts more than 10 s past their deadline', (seen) => seen.overdueAlerts],
  [
    'shouwang_alert_overdue_seconds',
    'How long ago the first deadline of all passed; 0 while none has',
    ({ firstDueAt, now }) => age(firstDueAt, now),
  ],
  ['shouwang_emergencies_untold', 'Open emergencies nobody was told of for 15 s', (seen) => seen.untoldEmergencies],
  ['shouwang_notices_waiting', 'Notices that are to go out, or whose answer is waited for', (seen) => seen.notices],
  ['shouwang_notices_overdue', 'Notices more than 30 s past their time', (seen) => seen.overdueNotices],
  ['shouwang_hubs_connected', 'Hubs that are connected, by what the rules know', (seen) => seen.connectedHubs],
  [
    'shouwang_journal_silent_seconds',
    'Since anything was last committed by an intake',
    ({ lastCommitAt, now }) => age(lastCommitAt, now),
  ],
  [
    'shouwang_journal_unread_seconds',
    'For how long the oldest packet has waited for the rules',
    ({ unreadSince, now }) => age(unreadSince, now),
  ],
  [
    'shouwang_incidents',
    'Promises that are broken now, by open alerts of the auditor',
    ({ incidents }) => incidents.filter(({ open, healed }) => open && !healed).length,
  ],
];

const age = (at: number | null, now: number): number => (at === null ? 0 : Math.max(0, now - at) / 1_000);

export type FiguresOptions = {
  readonly store: Pick<Store, 'facts' | 'figures'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'gauge' | 'gauges'>;
};

/**
 * Keeps the figures of the database for whoever fetches the metrics: read every ten seconds, not when they are fetched, since a
 * database that does not answer is when the others are wanted most. `…_read_timestamp_seconds` says how old they are.
 */
export function startFigures({ store, clock, log, metrics }: FiguresOptions): Stop {
  const gauges = single.map(([name, help, of]) => ({ gauge: metrics.gauge(name, help), of }));
  const alerts = metrics.gauges('shouwang_alerts', 'Unclosed alerts', ['state', 'priority']);
  const beats = metrics.gauges('shouwang_role_beat_age_seconds', "Since a role's last sign of life", ['role']);
  const readAt = metrics.gauge('shouwang_figures_read_timestamp_seconds', 'When the figures of the database were read');
  return repeat(log, 'figures', EVERY_MS, async () => {
    const now = clock.now();
    const [facts, figures] = await Promise.all([store.facts({ now }), store.figures(null)]);
    const seen = { ...facts, ...figures, now };
    for (const { gauge, of } of gauges) gauge.set(of(seen));
    alerts.reset();
    for (const { state, priority, n } of seen.alerts) alerts.set({ state, priority }, n);
    beats.reset();
    for (const [role, at] of Object.entries(seen.beats)) beats.set({ role }, age(at, now));
    readAt.set(now / 1_000);
  }).stop;
}

import type { Clock } from '../runtime/clock.ts';
import { repeat, type Stop } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Nudge } from '../runtime/nudge.ts';
import type { Store } from '../store/commands.ts';
import { channels } from './channels/registry.ts';
import { openDispatcher } from './dispatcher.ts';
import { escalateDue } from './escalator.ts';

/** A lost nudge costs this much and no more. */
const POLL_MS = 500;
/** Each round writes, and group commits wait behind it: a storm of alarms is told in rounds of many. */
const APART_MS = 25;

export type AlertsDeps = {
  readonly store: Pick<
    Store,
    'dueAtOnce' | 'escalateDue' | 'takeUpAgain' | 'leaseNotices' | 'tellings' | 'putBack' | 'recordOutcomes'
  >;
  readonly nudge: Pick<Nudge, 'send' | 'on'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'counter' | 'seconds'>;
  /** Who this is among those that share the memory; the same after a restart. */
  readonly instance: string;
  /** How people reach the consoles, for the links in messages. */
  readonly publicUrl: string;
};

/**
 * A clock that stood later before this start has put off what it decided. At the start and not all the time: that of another host may
 * be wrong while ours is right, and who is called early in each round would be called for ever.
 */
async function callIn({ store, clock, log }: Pick<AlertsDeps, 'store' | 'clock' | 'log'>): Promise<void> {
  const called = await store.dueAtOnce({ now: clock.now() });
  if (called.alerts + called.notices > 0)
    log.warn(called, 'the clock was set back while Shouwang was out; what a later one had put off is due at once');
}

/** Escalates what is due and tells what is owed, until stopped; the stop waits for attempts under way. */
export function startAlerts({ store, nudge, clock, log, metrics, instance, publicUrl }: AlertsDeps): Stop {
  const late = metrics.seconds('shouwang_escalation_late_seconds', 'How long after its deadline an alert escalated');
  const attempts = metrics.counter('shouwang_deliveries_total', 'Attempts to tell, by channel, outcome and reason', [
    'channel',
    'outcome',
    'reason',
  ]);

  const dispatcher = openDispatcher({
    ...{ store, clock, log, holder: instance },
    // Receivers compare with the wall clock, wherever ours has been set to since.
    channels: channels(publicUrl, () => clock.now() + clock.steppedMs()),
    onRecorded(outcomes) {
      for (const { notice, deliveries } of outcomes) {
        for (const { outcome, reason } of deliveries) attempts.inc({ channel: notice.channel, outcome, reason });
      }
      nudge.send('alerts');
      if (outcomes.some((outcome) => outcome.passOn)) nudge.send('notices');
    },
  });

  const telling = repeat(
    log,
    'tell',
    POLL_MS,
    async () => {
      if (await dispatcher.round()) telling.nudge();
    },
    APART_MS,
  );
  let begun = false;
  const escalating = repeat(log, 'escalate', POLL_MS, async () => {
    if (!begun) await callIn({ store, clock, log });
    begun = true;
    await escalateDue(store, clock, (lateMs) => {
      for (const ms of lateMs) late.observe(ms / 1_000);
      nudge.send('notices');
      nudge.send('alerts');
    });
  });
  const endings = [nudge.on('notices', telling.nudge), nudge.on('alerts', escalating.nudge)];

  return async () => {
    for (const end of endings) end();
    await escalating.stop();
    await telling.stop();
    await dispatcher.settled();
  };
}

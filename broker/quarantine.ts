import type { Finding } from '../domain/finding.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/commands.ts';
import { failureOf } from '../store/failure.ts';
import type { SegmentCommit } from '../store/journal.ts';
import { type Asking, untilAnswered } from './until-answered.ts';

/** The same emergency in words of our own; handed in, since what a finding says is not the broker's matter. */
export type InPlainWords = (finding: Finding, at: number) => Finding;

export type KeepingOptions = Asking & {
  readonly store: Pick<Store, 'commitSegment' | 'keepAside' | 'raise'>;
  readonly inPlainWords: InPlainWords;
};

export type Kept = Awaited<ReturnType<Store['commitSegment']>>;

const meters = (metrics: Metrics) => ({
  commits: metrics.counter('shouwang_intake_quarantined_total', 'Commits that the store refused as a whole'),
  refused: metrics.counter('shouwang_intake_refused_total', 'Single things that the store refused', ['what']),
});

const NOTHING_ASIDE = { alarmStates: [], catalogues: [], unreadable: [] };

/**
 * Keeps a commit, whatever it takes but a lost disk. One that the store refuses is in quarantine: what its packets mean is kept piece by
 * piece, an emergency in plain words if it must be, so that a text which displeases the store costs neither the emergency nor the packets,
 * nor any other hub its answer. Throws when nothing more can be promised.
 */
export function keeping(options: KeepingOptions): (commit: SegmentCommit) => Promise<Kept> {
  const { store, log, inPlainWords } = options;
  const ask = untilAnswered(options);
  const meter = meters(options.metrics);

  /** False when it was refused; `what` and ids are all that is said of it. */
  async function taken(what: string, said: object, write: () => Promise<unknown>): Promise<boolean> {
    try {
      await ask(write);
      return true;
    } catch (err) {
      if (failureOf(err) !== 'refused') throw err;
      meter.refused.inc({ what });
      log.error({ err, what, ...said }, 'the store refused what a packet means; the packet itself is kept');
      return false;
    }
  }

  async function raised(finding: Finding, now: number): Promise<void> {
    const { householdId, category, about } = finding;
    const said = { householdId, category, hubId: about.hubId };
    if (await taken('finding', said, () => store.raise({ findings: [finding], now }))) return;
    await ask(() => store.raise({ findings: [inPlainWords(finding, now)], now }));
  }

  async function quarantined(commit: SegmentCommit): Promise<Kept> {
    for (const finding of commit.findings) await raised(finding, commit.at);
    for (const state of commit.alarmStates) {
      const aside = { ...NOTHING_ASIDE, alarmStates: [state] };
      await taken('alarm state', { hubId: state.hubId }, () => store.keepAside(aside));
    }
    for (const catalogue of commit.catalogues) {
      const aside = { ...NOTHING_ASIDE, catalogues: [catalogue] };
      await taken('catalogue', { hubId: catalogue.hubId }, () => store.keepAside(aside));
    }
    for (const row of commit.unreadable) {
      const aside = { ...NOTHING_ASIDE, unreadable: [row] };
      await taken('unreadable', { hubId: row.hubId, reason: row.reason }, () => store.keepAside(aside));
    }
    return ask(() => store.commitSegment({ ...commit, ...NOTHING_ASIDE, findings: [] }));
  }

  return async (commit) => {
    try {
      return await ask(() => store.commitSegment(commit));
    } catch (err) {
      if (failureOf(err) !== 'refused') throw err;
      meter.commits.inc();
      log.error(
        { err, stream: commit.stream, first: commit.first },
        'a group commit was refused; it is kept in pieces',
      );
      return quarantined(commit);
    }
  };
}

import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { liveBatch } from './virtual-months-batch.ts';
import { LATE_ALLOWED_MS } from './virtual-months-desk.ts';
import { rightClock } from './virtual-months-hub.ts';
import { plotOf } from './virtual-months-life.ts';
import { judgeBatch, nothingKnown } from './virtual-months-truth.ts';

const sizes = {
  short: { homes: 40, days: 3, batch: 40, replayEvery: 1 },
  full: { homes: 10_000, days: 30, batch: 100, replayEvery: 5 },
} as const;

async function run({ seed, size, count, say }: FaultRun): Promise<Outcome> {
  const { days, batch, replayEvery, homes: usual } = sizes[size];
  const homes = count ?? usual;
  const truth = nothingKnown();
  const sums = { entries: 0, findings: 0, failures: 0, raised: 0, overdue: 0, doubled: 0, replayed: 0, mostLateMs: 0 };
  const differs: string[] = [];
  for (let from = 1, n = 0; from <= homes; from += batch, n++) {
    const replayed = n % replayEvery === 0;
    const some = Math.min(batch, homes - from + 1);
    const lived = await liveBatch({ seed, from, homes: some, days, plotOf, clockOf: () => rightClock, replayed });
    judgeBatch(truth, lived);
    differs.push(...lived.replaysThatDiffer);
    sums.entries += lived.entries;
    sums.findings += lived.findings.length;
    sums.failures += lived.failures;
    sums.raised += lived.kept.raised;
    sums.overdue += lived.kept.overdue;
    sums.doubled += lived.kept.doubled;
    sums.mostLateMs = Math.max(sums.mostLateMs, lived.kept.mostLateMs);
    if (replayed) sums.replayed += some;
    say(
      `${from + some - 1} homes, ${sums.entries} messages, ${sums.findings} findings, ${truth.falseInactivity.length} false alarms of no movement`,
    );
  }
  const { falseInactivity, unexplained, unfound, ...counts } = truth;
  return {
    load: { homes, days, messages: sums.entries },
    faults: { outages: Math.ceil(homes / batch), collapses: truth.collapsed, calls: truth.called, losses: truth.lost },
    counts: {
      ...sums,
      ...counts,
      falseInactivity: falseInactivity.length,
      unexplained: unexplained.length,
      unfound: unfound.length,
    },
    broken: brokenOf(
      [sums.failures === 0, `${sums.failures} times a rule threw`],
      [sums.doubled === 0, `${sums.doubled} matters with two open alerts`],
      [sums.overdue === 0, `${sums.overdue} alerts past their deadline`],
      [sums.mostLateMs <= LATE_ALLOWED_MS, `a deadline was kept ${sums.mostLateMs} ms late`],
      [sums.replayed > 0, 'nothing was replayed'],
      [differs.length === 0, `replays that are not the same: ${differs.slice(0, 3).join('; ')}`],
      [truth.unfound.length === 0, `who fell unseen and was not found: ${truth.unfound.slice(0, 3).join('; ')}`],
      [truth.callsFound === truth.called, `${truth.called - truth.callsFound} of ${truth.called} calls raised nothing`],
      [truth.lossesFound === truth.lost, `${truth.lost - truth.lossesFound} of ${truth.lost} losses were not found`],
      [falseInactivity.length === 0, `false alarms of no movement: ${falseInactivity.slice(0, 3).join('; ')}`],
      [unexplained.length === 0, `findings that nothing explains: ${unexplained.slice(0, 3).join('; ')}`],
    ),
  };
}

/** Months of thousands of random homes on a virtual clock. */
export const virtualMonths: Fault = {
  name: 'virtual-months',
  happens:
    '10,000 random homes live 30 days on a virtual clock, with falls, calls, losses, copies and an outage of our own',
  bar: 'no rule throws, one open alert a matter, every deadline kept, replays byte for byte the same, everything that happened found',
  unavailable: playable,
  run,
};

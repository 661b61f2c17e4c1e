import { join } from 'node:path';
import { openReceiver, silent } from '../../alerts/test-receiver.ts';
import type { VerdictReason } from '../../domain/notice.ts';
import { seconds } from '../../domain/time.ts';
import { openStoreToRead } from '../../store/open.ts';
import { temporaryFolder } from '../memory.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { startSystem, until } from '../system.ts';
import { dial } from './duplicates-dial.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { answeredByNobody, DAYS_MS, type Unanswered } from './nobody-answers-days.ts';
import { watchDeadlines } from './server-clock-deadlines.ts';

const channels = ['console', 'webhook'] as const;
/** Three rungs in four seconds, and again every half minute, which is the shortest that a plan may say. */
const household = {
  plans: {
    sos: {
      steps: [
        { afterSeconds: 0, tell: ['station'], channels },
        { afterSeconds: 2, tell: ['hotline', 'family'], channels },
        { afterSeconds: 4, tell: ['district', 'owner'], channels },
      ],
      repeatSeconds: 30,
      attendSeconds: 60,
      closeSeconds: 60,
    },
  },
};
/** What is waited for: the last rung, or in the full form two more rounds of it. */
const LAST = { short: '2.0', full: '2.2' } as const;
const HOMES = 3;
/** Half a minute is a step of the moved clock. */
const A_LOOK_MS = seconds(60);
/** That the plan above tells. */
const AUDIENCES = 5;

/** A real system with receivers that refuse, think for ever, or are not there, and no console. */
async function pressUnheard({ size, say }: FaultRun) {
  const folder = temporaryFolder();
  const system = await startSystem({ dataDir: folder.path });
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { stationId, homes } = await registerHomes(owner, HOMES, household);
  const refusing = await openReceiver((_, response) => void response.writeHead(403).end('no'));
  const thinking = await openReceiver(silent);
  const paged = await openReceiver(silent);
  const gone = await openReceiver(silent);
  await gone.close();
  for (const [audience, { url }] of [
    ['station', refusing],
    ['hotline', thinking],
    ['district', gone],
    ['owner', paged],
  ] as const)
    await owner.post('/webhooks', { areaId: audience === 'owner' ? 'root' : stationId, audience, url });
  const database = join(folder.path, 'shouwang.db');
  const watch = watchDeadlines(database);
  for (const { clientId, username, password, topic } of hubLinesOf(homes)) {
    const client = await dial(system.mqttPort, { clientId, username, password });
    const body = { boot: 'b', seq: 1, readings: [{ kind: 'sos', device: 'button', value: true }] };
    await client.publishAsync(topic, JSON.stringify(body), { qos: 1 });
    await client.endAsync();
  }
  const alerts = await until('the alerts', async () => {
    const unclosed = (await watch.alerts()).filter(({ category }) => category === 'sos');
    return unclosed.length === HOMES && unclosed;
  });
  say('somebody presses in three homes, and nobody answers');
  for (const { id } of alerts) await until('the last rung', () => watch.rungOf(id) === LAST[size], seconds(110));

  // Each rung's console has its time, then its webhook; then all of it is on record.
  const { store, close } = openStoreToRead(database);
  const recordOf = async (id: string) => {
    const record = await store.alertRecord({ id });
    if (!record) throw new Error('an alert is gone');
    return record;
  };
  const reasons = new Set<VerdictReason>();
  let unexplained = 0;
  for (const { id } of alerts) {
    const record = await until(
      'every notice of the first round to have an attempt on record',
      async () => {
        const found = await recordOf(id);
        const told = new Set(found.deliveries.map(({ noticeId }) => noticeId));
        const first = found.notices.filter(({ round }) => round === 0);
        const byWebhook = first.filter(({ channel }) => channel === 'webhook');
        return byWebhook.length === AUDIENCES && first.every((it) => told.has(it.id)) && found;
      },
      seconds(90),
    ).catch(() => null);
    if (!record) unexplained++;
    for (const { reason } of record?.deliveries ?? []) reasons.add(reason);
  }
  const { untoldEmergencies } = await store.facts({ now: Date.now() });
  await close();
  const ownerAsked = paged.received.length;
  const seen = await watch.stop();
  const exitCode = await system.stop();
  await Promise.all([refusing, thinking, paged].map((it) => it.close()));
  folder.remove();
  return { seen, reasons, unexplained, untoldEmergencies, ownerAsked, exitCode };
}

const brokenDays = (one: Unanswered, lastsMs: number): (readonly [boolean, string])[] => {
  const reachesLast = one.roundsExpected > 0 || one.category === 'sos';
  return [
    [!reachesLast || one.lastStep === one.steps - 1, `${one.category} stopped at rung ${one.lastStep} of ${one.steps}`],
    [
      Math.abs(one.rounds - one.roundsExpected) <= 1,
      `${one.category} came to ${one.rounds} rounds of ${one.roundsExpected}`,
    ],
    [
      !reachesLast || (one.ownerTold > 0 && one.ownerToldInRound >= one.rounds - 1),
      `of ${one.category} the owner was told until round ${one.ownerToldInRound} of ${one.rounds}`,
    ],
    [one.silentTooLongMs <= A_LOOK_MS, `nothing was said of ${one.category} for ${one.silentTooLongMs} ms too long`],
    [one.unexplained === 0, `${one.unexplained} notices of ${one.category} have nothing on record`],
    [one.untoldSamples + one.overdueSamples === 0, `the auditor would have complained in ${lastsMs / 3_600_000} h`],
  ];
};

async function run(asked: FaultRun): Promise<Outcome> {
  const real = await pressUnheard(asked);
  const lastsMs = DAYS_MS[asked.size];
  asked.say(`and for ${lastsMs / 3_600_000} hours on a moved clock`);
  const virtual = await answeredByNobody(lastsMs);
  const { seen } = real;
  return {
    load: { homes: HOMES, virtualHours: lastsMs / 3_600_000 },
    faults: { receiversThatDoNotAnswer: 4 },
    counts: {
      rungs: seen.rungs,
      mostOverdueMs: seen.mostOverdueMs,
      ownerRequests: real.ownerAsked,
      untoldEmergencies: real.untoldEmergencies,
      virtualRounds: virtual.reduce((sum, { rounds }) => sum + rounds, 0),
      virtualOwnerNotices: virtual.reduce((sum, { ownerTold }) => sum + ownerTold, 0),
    },
    broken: brokenOf(
      [real.exitCode === 0, `the system ended with ${real.exitCode}`],
      [seen.broken.length === 0, `deadlines: ${seen.broken.slice(0, 3).join('; ')}`],
      [seen.untimely.length === 0, `rungs: ${seen.untimely.slice(0, 3).join('; ')}`],
      [real.unexplained === 0, `${real.unexplained} alerts have notices without anything on record`],
      [real.untoldEmergencies === 0, 'the auditor says that nobody was told, though every attempt is on record'],
      [real.ownerAsked > 0, "the owner's receiver was never asked"],
      [
        (['not_heard', 'refused', 'unreachable', 'no_destination'] as const).every((reason) =>
          real.reasons.has(reason),
        ),
        `reasons on record are only ${[...real.reasons]}`,
      ],
      ...virtual.flatMap((one) => brokenDays(one, lastsMs)),
    ),
  };
}

/** Whoever is told, through whatever channel, nobody answers. */
export const nobodyAnswers: Fault = {
  name: 'nobody-answers',
  happens: 'no console is open, and every receiver refuses, thinks for ever or is not there',
  bar: "each plan reaches its last rung, repeats it and pages the system's owner for as long as it takes; every attempt is on record",
  unavailable: playable,
  run,
};

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { household } from '../../domain/household.ts';
import type { IntakeBeat, JournalEntry, Packet } from '../../domain/packet.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { openMetrics } from '../../runtime/metrics.ts';
import { openNudge } from '../../runtime/nudge.ts';
import type { Store } from '../../store/commands.ts';
import { openStoreHere } from '../../store/open.ts';
import { segmentEntries } from '../../store/segment.ts';
import { startAdmittance } from '../admit.ts';
import { startDownLink } from '../down-link.ts';
import type { FailedAttempts } from '../failed-attempts.ts';
import { type Intake, type IntakeOptions, startIntake } from '../intake.ts';
import type { Judge, Judgement } from '../judgement.ts';
import { startMovedHubs } from '../moved-hubs.ts';
import { startMqttDoor } from './mqtt.ts';
import type { DoorLimits } from './mqtt-limits.ts';
import type { Certificate } from './mqtt-listen.ts';
import type { ConnectFields } from './raw-hub.ts';

/** What most packets of a contract test mean: nothing. */
export const nothingMeant: Judgement = {
  findings: [],
  alarmStates: [],
  catalogue: null,
  unreadable: null,
  acknowledge: null,
  critical: false,
};

export type StandingDoorOptions = {
  readonly hubs?: readonly string[];
  readonly judge?: Judge;
  readonly limits?: Partial<DoorLimits>;
  readonly maxConnections?: number;
  readonly certificate?: Certificate;
  /** Stands between the door and the intake. */
  readonly accept?: (accept: Intake['accept']) => Intake['accept'];
  readonly full?: () => boolean;
  readonly attempts?: FailedAttempts;
  /** One of several front ends over the same database, each with its name; the hubs were registered with the first. */
  readonly url?: string;
  readonly frontEnd?: string;
  readonly known?: ReadonlyMap<string, Registered>;
  readonly clock?: Clock;
  readonly learn?: IntakeOptions['learn'];
};

export async function registered(store: Store, clientIds: readonly string[]): Promise<Map<string, Registered>> {
  const station = await store.addArea({ area: { kind: 'station', parentId: 'root', name: 'Station' } });
  const { registered = [] } = await store.register({
    registrations: clientIds.map((clientId) => ({
      stationId: station.id,
      household: household.omit({ id: true, stationId: true }).parse({ name: clientId, mode: 'live' }),
      residents: [],
      contacts: [],
      hub: { clientId, ecosystem: 'shouwang', power: 'mains' },
      devices: [],
    })),
    now: Date.now(),
  });
  return new Map(
    registered.flatMap(({ credential }) => (credential ? [[credential.clientId, credential] as const] : [])),
  );
}
type Registered = { readonly hubId: string; readonly clientId: string; readonly key: string };

type OfHubs = Exclude<JournalEntry, IntakeBeat>;

/** Everything in a stream but the intake's own beats, in order. */
export async function journalOf(store: Pick<Store, 'segmentsAfter'>, stream: string): Promise<OfHubs[]> {
  const entries: JournalEntry[] = [];
  for (;;) {
    const segments = await store.segmentsAfter({ stream, after: entries.length, limit: 100 });
    if (segments.length === 0) return entries.filter((entry) => entry.kind !== 'beat');
    for (const { bytes } of segments) entries.push(...segmentEntries(bytes));
  }
}

/** A store whose commits wait while they are held. */
function heldBack(store: Store) {
  let opened = Promise.resolve();
  let release = (): void => {};
  const commits = {
    /** Segments that reached the store, also those that wait there. */
    begun: 0,
    hold() {
      opened = new Promise((resolve) => (release = resolve));
    },
    release: () => release(),
  };
  const commitSegment: Store['commitSegment'] = async (commit) => {
    commits.begun++;
    await opened;
    return store.commitSegment(commit);
  };
  return { commits, store: { ...store, commitSegment } };
}

/** A door, an intake and a real store on a temporary file, whose commits a test can hold back. */
async function start(options: StandingDoorOptions, folder: string) {
  const opened = await openStoreHere(options.url ?? join(folder, 'door.db'));
  const { commits, store } = heldBack(opened.store);
  const hubs = options.known ?? (await registered(store, options.hubs ?? ['hub-a', 'hub-b']));
  const metrics = openMetrics();
  const nudge = openNudge(folder);
  const frontEnd = options.frontEnd ?? 'door';
  const parts = { store, clock: options.clock ?? systemClock(), metrics, nudge, log: silentLog };
  const intake = await startIntake({
    ...parts,
    judge: options.judge ?? (() => nothingMeant),
    inPlainWords: (finding) => finding,
    learn: options.learn ?? (() => {}),
    stream: frontEnd,
    fatal: (error) => {
      throw error;
    },
  });
  const admittance = await startAdmittance({ ...parts, ...(options.attempts && { attempts: options.attempts }) });
  const at = { host: '127.0.0.1', port: 0 };
  const door = await startMqttDoor({
    ...parts,
    intake: { ...intake, accept: options.accept?.(intake.accept) ?? intake.accept, full: options.full ?? intake.full },
    admittance,
    plain: at,
    tls: options.certificate ? { ...at, ...options.certificate } : null,
    maxConnections: options.maxConnections ?? 1_000,
    ...(options.limits && { limits: options.limits }),
  });
  const moved = startMovedHubs({ ...parts, frontEnd, letGo: door.letGo });
  const downLink = startDownLink({ ...parts, frontEnd, send: door.send });
  async function stop(): Promise<void> {
    await moved();
    await downLink();
    await door.stop();
    await admittance.stop();
    await intake.stop();
    await opened.close();
    nudge.close();
  }
  return { door, store, nudge, commits, hubs, metrics, stop };
}

export async function standingDoor(options: StandingDoorOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'shouwang-door-'));
  const { door, store, nudge, commits, hubs, metrics, stop } = await start(options, folder);
  const of = (clientId: string): Registered => {
    const hub = hubs.get(clientId);
    if (!hub) throw new Error(`${clientId} is not registered`);
    return hub;
  };
  return {
    door,
    store,
    nudge,
    commits,
    port: door.port ?? 0,
    hubId: (clientId: string) => of(clientId).hubId,
    /** What this hub says to be let in. */
    connect: (clientId: string, more: Partial<ConnectFields> = {}): ConnectFields => ({
      clientId,
      username: clientId,
      password: of(clientId).key,
      ...more,
    }),
    hubs,
    journal: () => journalOf(store, options.frontEnd ?? 'door'),
    packets: async () =>
      (await journalOf(store, options.frontEnd ?? 'door')).filter((it): it is Packet => it.kind === 'packet'),
    /** The value of a metric, with its labels as Prometheus writes them. */
    async metric(name: string): Promise<number> {
      const line = (await metrics.text()).split('\n').find((it) => it.startsWith(`${name} `));
      return line === undefined ? 0 : Number(line.slice(name.length + 1));
    },
    async stop() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type StandingDoor = Awaited<ReturnType<typeof standingDoor>>;

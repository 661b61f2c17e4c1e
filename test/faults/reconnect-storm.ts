import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { checkLedger } from '../../device-sim/check.ts';
import { type HubLine, hubLine } from '../../device-sim/hubs-csv.ts';
import { latencies } from '../../device-sim/latency.ts';
import { batchedLedger } from '../../device-sim/ledger.ts';
import { type LoadResult, runLoad } from '../../device-sim/load.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { type System, startFreshSystem, until } from '../system.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';

const SIM = fileURLToPath(new URL('../../device-sim/cli.ts', import.meta.url));

const sizes = {
  short: { hubs: 300, storms: 2, existing: 20, rate: 100, backWithinS: 60, p99Ms: 5_000, criticalMs: 15_000 },
  full: { hubs: 10_000, storms: 3, existing: 100, rate: 200, backWithinS: 60, p99Ms: 500, criticalMs: 5_000 },
} as const;
/** What each hub kept while it was away, of which one in a hundred is an emergency. */
const KEPT = 2;
const BETWEEN_STORMS_MS = { short: 0, full: 60_000 } as const;

/** All the hubs at once, as after a power cut: each with a full handshake, for it has forgotten everything. */
async function storm({ mqttsPort }: System, file: string, ledger: string): Promise<LoadResult> {
  const options = {
    ...{ file, ledger, mqtt: `mqtts://127.0.0.1:${mqttsPort}`, connects: '0', kept: String(KEPT) },
    ...{ 'critical-per-mille': '10', rate: '1', seconds: '1' },
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child: ChildProcess = spawn(process.execPath, [SIM, 'load', '--reconnect', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = (): void => void child.kill();
  process.once('exit', stop);
  const [said] = await Promise.all([child.stdout ? text(child.stdout) : '', once(child, 'exit')]);
  process.off('exit', stop);
  return JSON.parse(said);
}

/** Hubs that stay connected and speak all the time; how long their answers took is counted only while `counting`. */
function existingHubs({ mqttsPort }: System, hubs: readonly HubLine[], rate: number, ledger: string) {
  const kept = batchedLedger(ledger);
  const times = latencies();
  const ended = new AbortController();
  const seen = { counting: false, acked: 0, criticalMaxMs: 0 };
  const load = runLoad({
    ...{ host: '127.0.0.1', port: mqttsPort, tls: { rejectUnauthorized: false }, hubs, rate, seconds: 3_600 },
    ...{ criticalPerMille: 50, signal: ended.signal, drainMs: 30_000 },
    onSend({ clientId: hub }, boot, seq, critical) {
      kept.write({ is: 'invoke', id: `${hub}/${boot}/${seq}`, hub, critical: critical ? 'sos' : null, at: Date.now() });
    },
    onAck({ clientId: hub }, boot, seq, critical, ms) {
      const id = `${hub}/${boot}/${seq}`;
      kept.write({ is: 'acked', id, proof: [id] });
      seen.acked++;
      if (!seen.counting) return;
      times.add(ms);
      if (critical) seen.criticalMaxMs = Math.max(seen.criticalMaxMs, ms);
    },
  });
  return {
    seen,
    times,
    async stop(): Promise<LoadResult> {
      ended.abort();
      const result = await load;
      kept.close();
      return result;
    },
  };
}

async function run({ size, count, say }: FaultRun): Promise<Outcome> {
  const { storms, existing, rate, backWithinS, p99Ms, criticalMs, ...of } = sizes[size];
  const hubs = count ?? of.hubs;
  const system = await startFreshSystem();
  try {
    const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
    const lines = hubLinesOf((await registerHomes(owner, hubs + existing)).homes);
    say(`${lines.length} homes registered`);
    const file = join(system.dataDir, 'hubs.csv');
    writeFileSync(file, lines.slice(existing).map(hubLine).join(''), { mode: 0o600 });
    const ledgers = { existing: join(system.dataDir, 'existing.jsonl'), storm: join(system.dataDir, 'storm.jsonl') };

    const beside = existingHubs(system, lines.slice(0, existing), rate, ledgers.existing);
    const results: LoadResult[] = [];
    for (let n = 0; n < storms; n++) {
      const before = beside.seen.acked;
      await until('the existing hubs to speak', () => beside.seen.acked > before + rate);
      beside.seen.counting = true;
      const result = await storm(system, file, ledgers.storm);
      beside.seen.counting = false;
      results.push(result);
      say(`storm ${n + 1}: ${result.connected} back after ${result.connect_s} s, ${result.critical_max_ms} ms`);
      if (n + 1 < storms) await new Promise((resolve) => setTimeout(resolve, BETWEEN_STORMS_MS[size]));
    }
    const existingResult = await beside.stop();
    await system.stop();

    const database = join(system.dataDir, 'shouwang.db');
    const verdicts = [await checkLedger(database, ledgers.storm), await checkLedger(database, ledgers.existing)];
    const sum = (of: (verdict: (typeof verdicts)[number]) => number) => verdicts.reduce((n, it) => n + of(it), 0);
    const backS = Math.max(...results.map((it) => it.connect_s));
    const p99 = beside.times.quantile(0.99);
    const critical = Math.max(beside.seen.criticalMaxMs, ...results.map((it) => it.critical_max_ms));
    const away = results.reduce((n, it) => n + it.clients - it.connected, 0);
    const unacked = results.reduce((n, it) => n + it.unacked, existingResult.unacked);
    return {
      load: { hubs, existing, existing_messages_per_s: rate, kept_messages_a_hub: KEPT },
      faults: { storms },
      counts: {
        all_back_s: backS,
        existing_p99_ms: p99,
        critical_max_ms: critical,
        acked: sum((it) => it.acked),
        acked_critical: sum((it) => it.ackedCritical),
        lost: sum((it) => it.lost),
        unalerted: sum((it) => it.unalerted),
        doubled: sum((it) => it.doubled),
        existing_cut: existingResult.dead,
      },
      broken: brokenOf(
        [away === 0 && backS <= backWithinS, `${away} hubs were not back, the last of the others after ${backS} s`],
        [p99 <= p99Ms, `the hubs that were there waited ${p99} ms for their answers (p99)`],
        [critical <= criticalMs, `an emergency waited ${critical} ms for its alert`],
        [existingResult.dead === 0, `${existingResult.dead} hubs that were there lost their connection`],
        [unacked === 0, `${unacked} messages were never acknowledged`],
        ...verdicts.map((it): [boolean, string] => [it.kept, it.examples.join('; ')]),
      ),
    };
  } finally {
    await system.end();
  }
}

export const reconnectStorm: Fault = {
  name: 'reconnect-storm',
  happens: '10,000 hubs come back over TLS in the same moment, again and again, with what they kept',
  bar: 'all back within 60 s; the hubs that were there are answered within 500 ms (p99), every emergency within 5 s',
  unavailable: playable,
  run,
};

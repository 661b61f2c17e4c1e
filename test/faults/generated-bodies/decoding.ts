import fc from 'fast-check';
import { type Ecosystem, ecosystem } from '../../../domain/hub.ts';
import type { Packet } from '../../../domain/packet.ts';
import { isLifeCritical, reading } from '../../../domain/reading.ts';
import { arrivals } from '../../../ingest/arrival.ts';
import { decode } from '../../../ingest/decoders/registry.ts';
import { type Ruleset, ruleset } from '../../../ingest/household.ts';
import { rules } from '../../../ingest/rules/registry.ts';
import { householdOf, MIDNIGHT } from '../../../ingest/timeline.test-kit.ts';
import { type Entry, newTown, registerIn, type Town, takeTurn } from '../../../ingest/town.ts';
import type { AdmittedHub } from '../../../store/hub.ts';
import type { Turn } from '../../../store/processor.ts';
import { payloads } from '../nasty-json.ts';
import { nastyTexts } from '../nasty-texts.ts';

/** What must be true of every payload, whatever it is; checked on the functions themselves, hundreds of them a millisecond. */

/** Of this thread's own time, whatever else the machine is busy with: the most that one message may stop the others for. */
const LONGEST_MS = 1_000;
const VALID = '{"kind":"open","device":"front","value":true}';

const hubOf = (spoken: Ecosystem): AdmittedHub => ({
  ...{ hubId: 'hub-1', householdId: 'home-1', slot: 0, clientId: 'hub-1', ecosystem: spoken, power: 'mains' },
  ...{ mode: 'live', keyHashes: [], catalogue: null, names: new Map() },
});
const packetOf = (topic: string, payload: Uint8Array, receivedAt = MIDNIGHT): Packet => ({
  ...{ kind: 'packet', hubId: 'hub-1', topic, payload, qos: 1, retain: false, receivedAt, monotonicAt: 0 },
});

/** As long as MQTT lets it be, nearly. */
const LONG_TOPIC = `sw/${'x'.repeat(65_000)}/emergency`;

const topics = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('sw/hub-1/up', 'sw/hub-1/emergency') },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...['zigbee2mqtt/bridge/devices', 'zigbee2mqtt/bridge/state', 'zigbee2mqtt/pendant', 'zigbee2mqtt/a/b/smoke'],
      ...['zigbee2mqtt/pendant/availability', 'zigbee2mqtt/__proto__', 'zigbee2mqtt/pendant/set', 'x/constructor/y'],
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...nastyTexts, '', '/', '/emergency', LONG_TOPIC) },
);
const hubs = fc.constantFrom(...ecosystem.options).map(hubOf);

/** Throws a sentence about what does not hold. */
function holds(condition: boolean, sentence: () => string): void {
  if (!condition) throw new Error(sentence());
}

function judgedWell(topic: string, payload: Uint8Array, hub: AdmittedHub): void {
  const packet = packetOf(topic, payload);
  const from = process.threadCpuUsage();
  const decoded = decode(packet, hub);
  const judged = arrivals([]).judge(packet, { stream: 's', number: 1 }, hub);
  const { user, system } = process.threadCpuUsage(from);
  const tookMs = (user + system) / 1_000;
  holds(tookMs < LONGEST_MS, () => `took ${Math.round(tookMs)} ms`);
  for (const one of decoded.readings) {
    const parsed = reading.safeParse(one);
    holds(parsed.success, () => `reads ${JSON.stringify(one)}: ${parsed.error?.message}`);
  }
  holds(decoded.unreadable === null || decoded.readings.length === 0, () => 'is unreadable and read');
  const emergency = hub.ecosystem === 'shouwang' && topic.endsWith('/emergency');
  holds(
    !emergency || decoded.unreadable?.emergency !== false,
    () => 'is unreadable on an emergency topic and alerts nobody',
  );
  const wanted = decoded.unreadable?.emergency || decoded.readings.some(isLifeCritical);
  holds(!wanted || judged.findings.length > 0, () => 'is an emergency that alerts nobody');
  holds(
    judged.findings.every(({ householdId }) => householdId === hub.householdId),
    () => "alerts another's home",
  );
  holds(!JSON.stringify([judged.findings, judged.catalogue]).includes('\\u0000'), () => 'keeps a NUL');
}

/** One strange element costs none of those beside it. */
function costsNoOther(strange: string, before: boolean): void {
  const readings = before ? `${strange},${VALID}` : `${VALID},${strange}`;
  const packet = packetOf('sw/hub-1/up', Buffer.from(`{"readings":[${readings}]}`));
  try {
    JSON.parse(strange);
  } catch {
    return;
  }
  const { readings: read, unreadable } = decode(packet, hubOf('shouwang'));
  const deep = unreadable?.reason === 'too_deep';
  holds(
    deep || read.some(({ kind, device, value }) => kind === 'open' && device === 'front' && value === true),
    () => 'hides a door',
  );
}

const QUIET = 'home-quiet';
const WHOLE = { number: 0, of: 1 };

/** A town of two homes, one of which hears only what is right. */
function townOf(all: Ruleset, spoken: Ecosystem): Town {
  const town = newTown(all, decode, WHOLE);
  const mad = householdOf({}, 'home-1');
  registerIn(town, { ...mad, hubs: [{ id: 'hub-1', power: 'mains', ecosystem: spoken }] });
  registerIn(town, householdOf({ hubs: [{ id: 'hub-quiet', power: 'mains' }] }, QUIET));
  return town;
}

const SOS: Record<Ecosystem, readonly [topic: string, payload: string]> = {
  shouwang: ['sw/hub-1/emergency', '{"boot":"the last","seq":0,"readings":[{"kind":"sos","device":"last"}]}'],
  zigbee2mqtt: ['zigbee2mqtt/the last', '{"action":"sos"}'],
};

/** Whatever a hub has said, its home still hears it call for help, its state can be kept, and its neighbour's is what it was. */
function poisonsNobody(all: Ruleset, spoken: Ecosystem, said: readonly (readonly [string, Uint8Array])[]): void {
  const town = townOf(all, spoken);
  const alone = townOf(all, spoken);
  const quiet = (n: number): Entry => ({
    entry: { ...packetOf('sw/hub-quiet/up', Buffer.from(`{"readings":[${VALID}]}`), MIDNIGHT + n), hubId: 'hub-quiet' },
    position: { stream: 'quiet', number: n + 1 },
  });
  const [topic, payload] = SOS[spoken];
  const heard = [...said, [topic, Buffer.from(payload)] as const].map(
    ([topic, payload], n): Entry => ({
      entry: packetOf(topic, payload, MIDNIGHT + n),
      position: { stream: 'mad', number: n + 1 },
    }),
  );
  let previous: Turn | null = null;
  heard.forEach((entry, n) => {
    const at = MIDNIGHT + n;
    const turn: Turn = {
      number: n + 1,
      at,
      watchingSince: MIDNIGHT,
      linksSince: MIDNIGHT,
      cut: { mad: n + 1, quiet: n + 1 },
    };
    const taken = takeTurn(town, turn, previous, [entry, quiet(n)]);
    takeTurn(alone, turn, previous, [quiet(n)]);
    holds(taken.failures.length === 0, () => `makes a rule fail: ${taken.failures[0]?.error}`);
    const cried = taken.conclusions.some((it) => 'finding' in it && it.finding.category === 'sos');
    holds(n + 1 < heard.length || cried, () => 'makes its home deaf to a call for help');
    previous = turn;
  });
  const kept = JSON.stringify(town.states.get('home-1'));
  holds(JSON.stringify(JSON.parse(kept)) === kept, () => 'gives its home a state that does not survive being kept');
  const [beside, without] = [town.states.get(QUIET), alone.states.get(QUIET)].map((state) => JSON.stringify(state));
  holds(beside === without, () => "changes the neighbour's state");
}

/** What chance does not reach: as much as the door lets through, and as deep. */
const MB = 1_048_000;
const enormous: readonly (readonly [name: string, payload: string])[] = [
  ['10,000 arrays deep', '['.repeat(10_000) + ']'.repeat(10_000)],
  ['10,000 objects deep', '{"a":'.repeat(10_000)],
  ['1 MB of opening brackets', '['.repeat(MB)],
  ['1 MB of opening braces', '{"":'.repeat(MB / 4)],
  ['1 MB of nested readings', `{"readings":[${'['.repeat(MB / 2)}]}`],
  ['half a million numbers', `[${'1,'.repeat(MB / 2 - 1)}1]`],
  ['a name of 1 MB', `{"readings":[{"kind":"sos","device":"${'x'.repeat(MB)}"}]}`],
  ['a number of 1 MB', `{"readings":[{"kind":"heart_rate","value":${'9'.repeat(MB)}}]}`],
  ['20,000 readings', `{"readings":[${Array(20_000).fill('{"kind":"sos","device":"b"}').join()}]}`],
  ['100,000 keys', `{${Array.from({ length: 90_000 }, (_, n) => `"k${n}":1`).join()}}`],
  ['1 MB of escapes', `"${'\\u0000'.repeat(MB / 6)}"`],
  ['1 MB of spaces', ' '.repeat(MB)],
  ['1 MB of quotes', '"'.repeat(MB)],
  ['nothing but its name', '{"boot":"b","seq":0,"readings":[]}'],
  ['1 MB of backslashes', `"${'\\'.repeat(MB)}`],
];

const TOPICS = ['sw/hub-1/emergency', 'zigbee2mqtt/bridge/devices', 'zigbee2mqtt/pendant', LONG_TOPIC];

const bearsEnormous =
  (all: Ruleset) =>
  ([name, text]: (typeof enormous)[number]): string[] => {
    const payload = Buffer.from(text);
    const cases = TOPICS.flatMap((topic) => ecosystem.options.map((spoken) => [topic, spoken] as const));
    return cases.flatMap(([topic, spoken]) => {
      try {
        judgedWell(topic, payload, hubOf(spoken));
        poisonsNobody(all, spoken, [[topic, payload]]);
        return [];
      } catch (error) {
        return [`${name} on ${topic} of a ${spoken} hub: ${String(error).slice(0, 500)}`];
      }
    });
  };

/** What did not hold of a property, with the smallest example of it. */
function broken<T>(property: fc.IProperty<T>, seed: number, numRuns: number): string[] {
  const details = fc.check(property, { seed, numRuns });
  return details.failed ? [`${details.errorInstance}: ${fc.defaultReportMessage(details)}`.slice(0, 1_500)] : [];
}

/** Checks so many generated payloads, and says what of them did not hold. */
export function decodesAnything(seed: number, count: number): { readonly checked: number; readonly broken: string[] } {
  const all = ruleset(rules);
  const own = Math.ceil(count * 0.6);
  const some = Math.ceil(count * 0.1);
  const conversations = fc.array(fc.tuple(topics, payloads), { minLength: 1, maxLength: 6 });
  const found = [
    ...broken(fc.property(topics, payloads, hubs, judgedWell), seed, own),
    ...broken(fc.property(payloads.map(String), fc.boolean(), costsNoOther), seed, some),
    ...broken(
      fc.property(fc.constantFrom(...ecosystem.options), conversations, (spoken, said) =>
        poisonsNobody(all, spoken, said),
      ),
      seed,
      some,
    ),
    ...enormous.flatMap(bearsEnormous(all)),
  ];
  // A conversation is three payloads and a half on average.
  return { checked: own + Math.round(some * 4.5) + enormous.length * TOPICS.length * 2, broken: found };
}

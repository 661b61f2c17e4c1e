import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** What happened to files and connections, in the order in which the kernel saw it. `done` is the line on which a call returned. */
export type Write = {
  readonly kind: 'write';
  readonly path: string;
  readonly at: number;
  readonly bytes: Buffer;
  done: number;
};
export type Step =
  | Write
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number; done: number }
  | { readonly kind: 'create' | 'unlink'; readonly path: string; readonly done: number }
  /** Stands where it returned; `began` is where it was called: what was written in between, it need not have covered. `seconds`: since 1970. */
  | {
      readonly kind: 'sync';
      readonly path: string;
      readonly began: number;
      readonly failed: boolean;
      readonly seconds: number;
    }
  /** A PUBACK about to leave, and the message that it answers. */
  | { readonly kind: 'ack'; readonly topic: string; readonly payload: string };

const CALL = /^(\d+)\s+([\d.]+) (\w+)\((.*)$/s;
const RESUMED = /^(\d+)\s+([\d.]+) <\.\.\. (\w+) resumed>(.*)$/s;
const UNFINISHED = / <unfinished \.\.\.>$/;
const STRING = /"((?:\\x[0-9a-f]{2})*)"/g;
const FILE = /^\d+<((?:\\x[0-9a-f]{2})+)>(\(deleted\))?/;
const CONNECTION = /^\d+<(TCP(?:v6)?:\[[^\]]*(?:\][^\]]*)*->[^>]*)>/;

const unhex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');
const strings = (args: string): Buffer[] => [...args.matchAll(STRING)].map(([, text]) => unhex(text ?? ''));
const returned = (args: string): number => Number(/\)\s+= (-?\d+)/.exec(args.slice(args.lastIndexOf(')')))?.[1] ?? -1);

/** MQTT packets of one direction of a connection, cut out of the bytes as they come. */
function packets(): (bytes: Buffer) => { type: number; flags: number; body: Buffer }[] {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const whole: { type: number; flags: number; body: Buffer }[] = [];
    for (;;) {
      let length = 0;
      let at = 1;
      for (let shift = 0; ; shift += 7) {
        const byte = rest[at++];
        if (byte === undefined) return whole;
        length |= (byte & 127) << shift;
        if (byte < 128) break;
      }
      if (rest.length < at + length) return whole;
      const first = rest[0] ?? 0;
      whole.push({ type: first >> 4, flags: first & 15, body: rest.subarray(at, at + length) });
      rest = rest.subarray(at + length);
    }
  };
}

const PUBLISH = 3;
const PUBACK = 4;

/** One connection of a hub: what it published by packet identifier, and which of that is being acknowledged. */
function conversation() {
  const heard = packets();
  const said = packets();
  const published = new Map<number, { topic: string; payload: string }>();
  return {
    hears(bytes: Buffer): void {
      for (const { type, flags, body } of heard(bytes)) {
        if (type !== PUBLISH || (flags & 6) === 0) continue;
        const end = 2 + body.readUInt16BE(0);
        published.set(body.readUInt16BE(end), {
          topic: body.toString('utf8', 2, end),
          payload: body.toString('utf8', end + 2),
        });
      }
    },
    says: (bytes: Buffer): Step[] =>
      said(bytes)
        .filter(({ type }) => type === PUBACK)
        .flatMap(({ body }) => {
          const message = published.get(body.readUInt16BE(0));
          return message ? [{ kind: 'ack' as const, ...message }] : [];
        }),
  };
}

type Kept = (path: string) => boolean;
type Times = { readonly began: number; readonly line: number; readonly seconds: number };

/** What a call changes in a file, from the moment of the call on. */
function changeOf(call: string, args: string, keeps: Kept): Extract<Step, { kind: 'write' | 'truncate' }> | null {
  if (call !== 'pwrite64' && call !== 'ftruncate') return null;
  const [, hex, deleted] = FILE.exec(args) ?? [];
  const path = hex ? unhex(hex).toString() : '';
  if (deleted || !keeps(path)) return null;
  const done = Number.POSITIVE_INFINITY;
  // The last argument of both: a size, or a place.
  const number = Number(/, (\d+)(?:\)\s+=.*)?$/.exec(args)?.[1]);
  return call === 'ftruncate'
    ? { kind: 'truncate', path, size: number, done }
    : { kind: 'write', path, at: number, bytes: strings(args)[0] ?? Buffer.alloc(0), done };
}

/** What a call has done once it has returned. `existing`: the files that there are. */
function doneBy(
  call: string,
  args: string,
  { began, line, seconds }: Times,
  existing: Set<string>,
  keeps: Kept,
): Step[] {
  const ok = returned(args) >= 0;
  if (call === 'fsync' || call === 'fdatasync') {
    const path = unhex(FILE.exec(args)?.[1] ?? '').toString();
    return keeps(path) ? [{ kind: 'sync', path, began, failed: !ok, seconds }] : [];
  }
  if (!ok) return [];
  if (call.startsWith('rename') && strings(args).some((path) => keeps(path.toString())))
    throw new Error('a file of the database was renamed, which this replay does not know');
  const path = strings(args)[0]?.toString() ?? '';
  if (call === 'openat' && args.includes('O_CREAT') && keeps(path) && !existing.has(path)) {
    existing.add(path);
    return [{ kind: 'create', path, done: line }];
  }
  return call.startsWith('unlink') && existing.delete(path) ? [{ kind: 'unlink', path, done: line }] : [];
}

/** The connections of MQTT on a port: what is heard on them, and which acknowledgements leave. */
function conversations(port: number) {
  const open = new Map<string, ReturnType<typeof conversation>>();
  const on = (name: string) => {
    const known = open.get(name) ?? conversation();
    open.set(name, known);
    return known;
  };
  const isOurs = (name: string) => name.includes(`:${port}->`);
  return {
    called(name: string, call: string, args: string): Step[] {
      if (call === 'close') open.delete(name);
      return (call === 'write' || call === 'writev') && isOurs(name) ? on(name).says(Buffer.concat(strings(args))) : [];
    },
    done(name: string, call: string, args: string): void {
      if (call === 'read' && isOurs(name)) on(name).hears(strings(args)[0] ?? Buffer.alloc(0));
    },
  };
}

/**
 * Reads recordings made one after the other. Files are those whose path `keeps`, directories that hold them included; connections are
 * those of MQTT on `port`. A write counts from the moment of its call (its bytes may be on disk from then on), a synchronisation from
 * the moment it returned. `there`: files that exist when it begins.
 */
export async function readRecording(
  logs: readonly string[],
  { keeps, port, there = [] }: { keeps: Kept; port: number; there?: Iterable<string> },
): Promise<Step[]> {
  const steps: Step[] = [];
  const unfinished = new Map<string, { began: number; args: string; change: { done: number } | null }>();
  const talk = conversations(port);
  const existing = new Set(there);
  let line = 0;

  function ended(call: string, args: string, times: Times, change: { done: number } | null): void {
    const [, connection] = CONNECTION.exec(args) ?? [];
    if (change) change.done = line;
    if (connection) talk.done(connection, call, args);
    else steps.push(...doneBy(call, args, times, existing, keeps));
  }

  function read(text: string): void {
    line++;
    const [, again, endedAt, resumed, rest = ''] = RESUMED.exec(text) ?? [];
    if (again && resumed) {
      const call = unfinished.get(again);
      unfinished.delete(again);
      const times = { began: call?.began ?? line, line, seconds: Number(endedAt) };
      if (call) ended(resumed, call.args + rest, times, call.change);
      return;
    }
    const [, thread, calledAt, call, written = ''] = CALL.exec(text) ?? [];
    if (!thread || !call) return;
    const args = written.replace(UNFINISHED, '');
    const [, connection] = CONNECTION.exec(args) ?? [];
    const change = connection ? null : changeOf(call, args, keeps);
    if (change) steps.push(change);
    if (connection) steps.push(...talk.called(connection, call, args));
    if (args !== written) unfinished.set(thread, { began: line, args, change });
    else ended(call, args, { began: line, line, seconds: Number(calledAt) }, change);
  }

  for (const log of logs) {
    for await (const text of createInterface({ input: createReadStream(log) })) read(text);
    // A write that was under way when its process was killed: the kernel has its bytes, and whoever synchronises next makes them last.
    for (const { change } of unfinished.values()) if (change) change.done = line;
    unfinished.clear();
  }
  return steps;
}

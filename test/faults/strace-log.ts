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

/**
 * Reads recordings made one after the other. Files are those whose path `keeps`, directories that hold them included; connections are those of MQTT on `port`.
 * `there`: files that exist when it begins.
 * A write counts from the moment of its call (its bytes may be on disk from then on), a synchronisation from the moment it returned.
 */
export async function readRecording(
  logs: readonly string[],
  { keeps, port, there = [] }: { keeps: (path: string) => boolean; port: number; there?: Iterable<string> },
): Promise<Step[]> {
  const steps: Step[] = [];
  const open = new Map<string, { line: number; args: string; step: { done: number } | null }>();
  const conversations = new Map<string, ReturnType<typeof conversation>>();
  const existing = new Set(there);
  const to = `:${port}->`;

  const talk = (name: string) => {
    const known = conversations.get(name) ?? conversation();
    conversations.set(name, known);
    return known;
  };

  /** What counts from the call on; answers the step, so that its end can be written into it. */
  function called(call: string, args: string): { done: number } | null {
    const [, connection] = CONNECTION.exec(args) ?? [];
    if (connection) {
      if ((call === 'write' || call === 'writev') && connection.includes(to))
        steps.push(...talk(connection).says(Buffer.concat(strings(args))));
      if (call === 'close') conversations.delete(connection);
      return null;
    }
    if (call !== 'pwrite64' && call !== 'ftruncate') return null;
    const [, hex, deleted] = FILE.exec(args) ?? [];
    const path = hex ? unhex(hex).toString() : '';
    if (deleted || !keeps(path)) return null;
    const done = Number.POSITIVE_INFINITY;
    // The last argument of both: a size, or a place.
    const number = Number(/, (\d+)(?:\)\s+=.*)?$/.exec(args)?.[1]);
    const step: Step =
      call === 'ftruncate'
        ? { kind: 'truncate', path, size: number, done }
        : { kind: 'write', path, at: number, bytes: strings(args)[0] ?? Buffer.alloc(0), done };
    steps.push(step);
    return step;
  }

  /** What counts only once it has returned. */
  function done(call: string, args: string, { began, seconds }: { began: number; seconds: number }): void {
    const [, connection] = CONNECTION.exec(args) ?? [];
    if (connection) {
      if (call === 'read' && connection.includes(to)) talk(connection).hears(strings(args)[0] ?? Buffer.alloc(0));
      return;
    }
    const ok = returned(args) >= 0;
    if (call === 'fsync' || call === 'fdatasync') {
      const path = unhex(FILE.exec(args)?.[1] ?? '').toString();
      if (keeps(path)) steps.push({ kind: 'sync', path, began, failed: !ok, seconds });
    } else if (ok && (call === 'openat' || call.startsWith('unlink'))) {
      const path = strings(args)[0]?.toString() ?? '';
      if (!keeps(path) || existing.has(path) === (call === 'openat')) return;
      if (call === 'openat' && !args.includes('O_CREAT')) return;
      existing[call === 'openat' ? 'add' : 'delete'](path);
      steps.push({ kind: call === 'openat' ? 'create' : 'unlink', path, done: line });
    } else if (ok && call.startsWith('rename') && strings(args).some((path) => keeps(path.toString()))) {
      throw new Error('a file of the database was renamed, which this replay does not know');
    }
  }

  let line = 0;
  const read = (text: string): void => {
    line++;
    const [, again, endedAt, resumed, rest = ''] = RESUMED.exec(text) ?? [];
    if (again && resumed) {
      const begun = open.get(again);
      open.delete(again);
      if (!begun) return;
      if (begun.step) begun.step.done = line;
      done(resumed, begun.args + rest, { began: begun.line, seconds: Number(endedAt) });
      return;
    }
    const [, thread, calledAt, call, args = ''] = CALL.exec(text) ?? [];
    if (!thread || !call) return;
    const unfinished = UNFINISHED.test(args);
    const bare = unfinished ? args.replace(UNFINISHED, '') : args;
    const step = called(call, bare);
    if (unfinished) open.set(thread, { line, args: bare, step });
    else {
      if (step) step.done = line;
      done(call, bare, { began: line, seconds: Number(calledAt) });
    }
  };
  for (const log of logs) for await (const text of createInterface({ input: createReadStream(log) })) read(text);
  return steps;
}

import { type Dice, dice } from '../../../device-sim/dice.ts';
import { errorAnswer } from '../../../web/wire/error.ts';
import type { System } from '../../system.ts';
import { watchProcess } from '../watched-process.ts';
import { type ApiDocument, type Operation, operationsOf } from './api-description.ts';
import { type Asker, type District, foundDistrict } from './district.ts';
import { type Answered, type Asked, openWire, requestAt, type Wire } from './request.ts';
import { type Known, sampleOf } from './values.ts';

export type Asking = {
  readonly asked: number;
  readonly accepted: number;
  readonly refused: number;
  /** Pairs of a foreign thing and one that is not there, whose answers must be alike. */
  readonly compared: number;
  readonly broken: readonly string[];
};

const SIDE_BY_SIDE = 6;
const REFRESH_EVERY = 250;
const EXAMPLES = 12;

/** What did not hold, each different thing once, with its first example. */
function complaints() {
  const found = new Map<string, { readonly example: string; times: number }>();
  return {
    add(what: string, example: string): void {
      const known = found.get(what);
      if (known) known.times++;
      else if (found.size < EXAMPLES) found.set(what, { example, times: 1 });
    },
    sentences: () => [...found].map(([what, { example, times }]) => `${times} × ${what}, such as ${example}`),
  };
}

const inWords = ({ method, path, headers, body }: Asked, { role }: Asker): string => {
  const shown = headers.filter((text) => !text.startsWith('shouwang-session=')).join(' ');
  return `${method} ${path.slice(0, 200)} as ${role} [${shown.slice(0, 150)}] ${String(body ?? '').slice(0, 300)}`;
};

/** Which operation a path belongs to, however it was written. */
function finder(operations: readonly Operation[]): (method: string, path: string) => Operation | undefined {
  const patterns = operations.map((operation) => {
    const pattern = new RegExp(`^${operation.path.replace(/\{\w+\}/g, '[^/]+')}$`);
    return { operation, pattern };
  });
  return (method, path) =>
    patterns.find(({ operation, pattern }) => operation.method === method && pattern.test(path.split('?')[0] ?? ''))
      ?.operation;
}

/** Upgrades and expectations are answered by Node and the WebSocket library, in their own words. */
const isForOthers = (headers: Asked['headers']): boolean => headers.includes('upgrade') || headers.includes('expect');

/** What is wrong with an answer; null for nothing. */
function faultOf(
  { method, headers }: Asked,
  { status, contentType, body }: Answered,
  operation: Operation | undefined,
): string | null {
  if (status === 503 && body.includes('"screens_missing"')) return null;
  if (status >= 500) return `answer ${status} ${body.slice(0, 200)}`;
  if (method === 'HEAD' || isForOthers(headers)) return null;
  if (operation) {
    const complaint = operation.complaint(status, body, contentType);
    return complaint && `${operation.method} ${operation.path} with ${status}: ${complaint}`;
  }
  if (status < 400)
    return status === 200 && contentType.startsWith('text/html') ? null : `answer ${status} of no operation`;
  try {
    return errorAnswer.strict().safeParse(JSON.parse(body)).success
      ? null
      : `a refusal ${status} in other words: ${body.slice(0, 200)}`;
  } catch {
    return `a refusal ${status} that is no JSON: ${body.slice(0, 100)}`;
  }
}

/** Too much was sent for anybody to wait for the answer; or the other side was told to expect something else. */
const mayGoUnanswered = ({ headers, body }: Asked): boolean =>
  (body?.length ?? 0) > 1_000_000 || isForOthers(headers) || headers.some((text) => text.length > 10_000);

type Scene = {
  readonly system: System;
  readonly district: District;
  readonly operations: readonly [Operation, ...Operation[]];
  readonly wire: Wire;
  readonly complain: ReturnType<typeof complaints>;
};

async function askAround(scene: Scene, it: Dice, count: number): Promise<{ accepted: number; refused: number }> {
  const { system, district, operations, wire, complain } = scene;
  const find = finder(operations);
  const tally = { accepted: 0, refused: 0 };
  let known = await district.known();
  let asked = 0;
  const one = async (): Promise<void> => {
    const operation = it.pick(operations);
    const asker = it.pick(district.askers);
    const request = requestAt(operation, it, known, asker.cookie, system.httpUrl);
    const answer = await wire.ask(request);
    if ('failed' in answer) {
      if (!mayGoUnanswered(request)) complain.add(`no answer (${answer.failed})`, inWords(request, asker));
      return;
    }
    const fault = faultOf(request, answer, find(request.method, request.path));
    if (fault) complain.add(fault, inWords(request, asker));
    if (answer.status < 400) tally.accepted++;
    else tally.refused++;
    const ended =
      answer.body.includes('"not_logged_in"') || request.method === 'DELETE' || request.path.includes('password');
    if (!ended || asker.userId === null) return;
    const { loggedIn } = (await (
      await fetch(`${system.httpUrl}/api/session`, { headers: { cookie: asker.cookie } })
    ).json()) as {
      loggedIn: unknown;
    };
    if (loggedIn === null) await district.letIn(asker);
  };
  const worker = async (): Promise<void> => {
    while (asked < count) {
      if (++asked % REFRESH_EVERY === 0) known = await district.known();
      await one();
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return tally;
}

const bodyKinds: Readonly<Record<string, 'area' | 'household'>> = {
  ...{ parentId: 'area', areaId: 'area', householdId: 'household', stationId: 'area' },
};

/** A valid request about a thing of the foreign home, or about one that is not there. */
function aboutForeign(
  operation: Operation,
  foreign: District['foreign'],
  seed: number,
  there: boolean,
): Pick<Asked, 'path' | 'body'> | null {
  const it = dice(seed, operation.method, operation.path);
  const idOf = (kind: keyof typeof foreign): string => (there ? foreign[kind] : '00000000-0000-4000-8000-000000000000');
  const kind = (/^\/api\/(household|alert|hub|user|webhook)s\/\{/.exec(operation.path)?.[1] ?? null) as
    | keyof typeof foreign
    | null;
  const known: Known = Object.fromEntries(Object.values(bodyKinds).map((of) => [of, [idOf(of)]]));
  const body = operation.body ? JSON.stringify(sampleOf(operation.body, it, known)) : null;
  const named = body !== null && Object.keys(bodyKinds).some((name) => body.includes(`"${name}":"`));
  if (kind === null && !named) return null;
  const path = operation.path.replace('{id}', kind ? idOf(kind) : '').replace('{partId}', 'x');
  return {
    path: operation.query.length > 0 ? `${path}?kind=sos&from=0&to=1&size=60` : path,
    body: body === null ? null : Buffer.from(body),
  };
}

/** To whom a thing is not theirs to see, it must be as if it were not there: down to the last byte. */
async function compareForeign({ system, district, operations, wire, complain }: Scene, seed: number): Promise<number> {
  let compared = 0;
  for (const operation of operations) {
    for (const asker of district.askers.filter(({ role }) => role !== 'owner')) {
      const answers: string[] = [];
      for (const there of [true, false]) {
        const about = aboutForeign(operation, district.foreign, seed, there);
        if (!about) break;
        const typed = about.body === null ? [] : ['content-type', 'application/json'];
        const headers = ['cookie', asker.cookie, 'origin', system.httpUrl, ...typed];
        const request: Asked = { method: operation.method, headers, ...about };
        const answer = await wire.ask(request);
        answers.push('failed' in answer ? answer.failed : `${answer.status} ${answer.body}`);
        if ('failed' in answer || answer.status >= 400) continue;
        complain.add(`${operation.method} ${operation.path} of a foreign thing is granted`, inWords(request, asker));
      }
      if (answers.length < 2) continue;
      compared++;
      if (answers[0] === answers[1]) continue;
      complain.add(
        `${operation.method} ${operation.path} tells ${asker.role} that a foreign thing exists`,
        answers.join(' | '),
      );
    }
  }
  return compared;
}

/** Asks a fresh system so often, as everybody, and says what of the answers did not hold. */
export async function asksAnything(system: System, seed: number, count: number): Promise<Asking> {
  const watched = watchProcess(system);
  const district = await foundDistrict(system);
  const document = (await (await fetch(`${system.httpUrl}/api/openapi.json`)).json()) as ApiDocument;
  const operations = operationsOf(document) as [Operation, ...Operation[]];
  const wire = openWire(system.httpUrl);
  const complain = complaints();
  const scene: Scene = { system, district, operations, wire, complain };
  const compared = await compareForeign(scene, seed);
  const { accepted, refused } = await askAround(scene, dice(seed), count);
  wire.close();
  watched.stop();
  const errors = [...watched.mistakes(), ...watched.errors().keys()];
  const ended = watched.ended() ? ['the process ended'] : [];
  return { asked: count, accepted, refused, compared, broken: [...complain.sentences(), ...errors, ...ended] };
}

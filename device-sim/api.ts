import * as z from 'zod';
import { area } from '../domain/household.ts';
import type { Role } from '../domain/user.ts';

/** Where a system is, and the cookie of somebody who is logged in there. */
export type Session = { readonly url: string; readonly cookie: string };

/** Something that a person at the terminal can put right: shown as a sentence, without a stack. */
export class Complaint extends Error {}

const errorAnswer = z.object({ code: z.string(), message: z.string() });

async function request(session: Session, method: 'GET' | 'POST', path: string, body?: object): Promise<Response> {
  const { url, cookie } = session;
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { origin: url, ...(cookie && { cookie }), ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new Complaint(`nothing answers at ${url}: is Shouwang running there? (--url names another address)`, {
      cause,
    });
  });
  if (answer.ok) return answer;
  const text = await answer.text();
  const told = z
    .string()
    .transform((t) => JSON.parse(t))
    .pipe(errorAnswer)
    .safeParse(text);
  const why = told.success ? `${told.data.code}: ${told.data.message}` : text.slice(0, 200);
  if (answer.status === 401)
    throw new Complaint(`${path} needs somebody who is logged in (${why}). Give --link or --session.`);
  throw new Complaint(`${method} ${path} was answered ${answer.status}, ${why}`);
}

async function ask<T>(
  session: Session,
  schema: z.ZodType<T>,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<T> {
  const answer = await request(session, method, path, body);
  return schema.parse(await answer.json());
}

/** Logs in by a one-time link (`…/login#token=…`); the link is used up by it. */
export async function logIn(url: string, link: string): Promise<Session> {
  const token = /#token=([^&\s]+)/.exec(link)?.[1];
  if (!token) throw new Complaint(`${link} is not a log-in link: those end in /login#token=…`);
  const answer = await request({ url, cookie: '' }, 'POST', '/api/session/link', { token });
  const cookie = answer.headers
    .getSetCookie()
    .map((set) => set.split(';')[0])
    .join('; ');
  if (!cookie) throw new Complaint('the server accepted the link but gave no session');
  return { url, cookie };
}

const areasAnswer = z.object({ areas: z.array(area) });
const areaAnswer = z.object({ area });

export const areas = async (session: Session) => (await ask(session, areasAnswer, 'GET', '/api/areas')).areas;

export const newArea = async (session: Session, asked: { kind: string; parentId: string; name: string }) =>
  (await ask(session, areaAnswer, 'POST', '/api/areas', asked)).area;

export type NewUser = {
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly areaId?: string;
  readonly householdId?: string;
};
const userAnswer = z.object({ link: z.string() });

/** Makes a user and returns the one-time link by which they log in first. */
export const newUser = async (session: Session, asked: NewUser) =>
  (await ask(session, userAnswer, 'POST', '/api/users', asked)).link;

const registered = z.object({
  householdId: z.string(),
  hubId: z.string(),
  clientId: z.string(),
  username: z.string(),
  key: z.string(),
});
export type Registered = z.infer<typeof registered>;
const registeredAnswer = z.object({ registered: z.array(registered) });

/** The server takes so many in one request. */
const REGISTRATIONS_AT_ONCE = 500;

/** Registers households with all that belongs to them, in the order given. Each request is all or nothing. */
export async function register(session: Session, registrations: readonly object[]): Promise<Registered[]> {
  const done: Registered[] = [];
  for (let i = 0; i < registrations.length; i += REGISTRATIONS_AT_ONCE) {
    const some = { registrations: registrations.slice(i, i + REGISTRATIONS_AT_ONCE) };
    done.push(...(await ask(session, registeredAnswer, 'POST', '/api/registrations', some)).registered);
  }
  return done;
}

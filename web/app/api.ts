import * as z from 'zod';
import { type ActRequest, actAnswer, alertAnswer, queueAnswer } from '../wire/alert.ts';
import { areasAnswer, type newArea, newAreaAnswer } from '../wire/area.ts';
import { type ErrorAnswer, errorAnswer } from '../wire/error.ts';
import * as home from '../wire/household.ts';
import * as own from '../wire/session.ts';
import * as whole from '../wire/system.ts';
import { setByServer } from './clock.ts';
import { currentPreferences } from './preferences.ts';

/** What went wrong with a request: `status` 0 when nobody answered. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: ErrorAnswer['details'];
  constructor(status: number, answer: ErrorAnswer) {
    super(answer.message);
    this.status = status;
    this.code = answer.code;
    this.details = answer.details;
  }
}

/**
 * What is only read is asked anew when no answer came: after a link died without a word the browser still believes in its old
 * connections, and would wait on one of them for minutes with an old queue on the screen.
 */
const ANSWERED_WITHIN_MS = 10_000;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The wall: everything that comes from the server is parsed here, and every failure is an ApiError. */
async function ask<S extends z.ZodType>(schema: S, method: Method, path: string, body?: unknown): Promise<z.infer<S>> {
  const sent: RequestInit = {
    method,
    credentials: 'same-origin',
    headers: { accept: 'application/json', 'accept-language': currentPreferences().language },
  };
  if (body !== undefined) {
    sent.headers = { ...sent.headers, 'content-type': 'application/json' };
    sent.body = JSON.stringify(body);
  }
  if (method === 'GET') sent.signal = AbortSignal.timeout(ANSWERED_WITHIN_MS);
  const response = await fetch(`/api/${path}`, sent)
    .then(async (it) => ({ ok: it.ok, status: it.status, text: await it.text() }))
    .catch(() => null);
  if (!response) throw new ApiError(0, { code: 'unreachable', message: '', details: [] });
  const answer: unknown = response.text === '' ? null : readJson(response.text);
  if (!response.ok) {
    const said = errorAnswer.safeParse(answer);
    throw new ApiError(
      response.status,
      said.success ? said.data : { code: `http_${response.status}`, message: '', details: [] },
    );
  }
  const parsed = schema.safeParse(answer);
  if (!parsed.success) {
    throw new ApiError(response.status, {
      code: 'unexpected_answer',
      message: z.prettifyError(parsed.error),
      details: [],
    });
  }
  return parsed.data;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Answers that carry the server's time set the clock of the screen. */
async function timed<T extends { serverAt: number }>(answer: Promise<T>): Promise<T> {
  const given = await answer;
  setByServer(given.serverAt);
  return given;
}

const done = z.unknown();
const at = (...parts: string[]): string => parts.map(encodeURIComponent).join('/');
const query = (values: Record<string, string | number>): string =>
  `?${new URLSearchParams(Object.entries(values).map(([key, value]) => [key, String(value)]))}`;

export type QueueState = 'open' | 'mine' | 'unclosed' | 'closed';
export type SeriesWanted = { kind: string; from: number; to: number; size: 0 | 60 | 3_600 | 86_400 };

export const api = {
  session: () => ask(own.sessionAnswer, 'GET', 'session'),
  logIn: (body: z.infer<typeof own.logInByPassword>) => ask(done, 'POST', 'session/password', body),
  logInByLink: (token: string) => ask(done, 'POST', 'session/link', { token }),
  logOut: () => ask(done, 'DELETE', 'session'),
  setOwnPassword: (password: string) => ask(done, 'POST', 'session/own-password', { password }),

  queue: (state: QueueState, limit: number) => timed(ask(queueAnswer, 'GET', `alerts${query({ state, limit })}`)),
  alert: (id: string) => timed(ask(alertAnswer, 'GET', at('alerts', id))),
  act: (id: string, body: ActRequest) => ask(actAnswer, 'POST', at('alerts', id, 'act'), body),

  households: (search: string, limit: number, offset: number) =>
    ask(home.householdsAnswer, 'GET', `households${query({ search, limit, offset })}`),
  household: (id: string) => timed(ask(home.householdFile, 'GET', at('households', id))),
  access: (id: string) => ask(home.accessAnswer, 'POST', at('households', id, 'access')),
  patchHousehold: (id: string, body: z.infer<typeof home.householdPatch>) =>
    ask(done, 'PATCH', at('households', id), body),
  timeline: (id: string, limit: number) =>
    ask(home.timelineAnswer, 'GET', `${at('households', id, 'timeline')}${query({ limit })}`),
  series: (id: string, wanted: SeriesWanted) =>
    ask(home.seriesAnswer, 'GET', `${at('households', id, 'series')}${query(wanted)}`),
  addResident: (id: string, body: z.infer<typeof home.newResident>) =>
    ask(done, 'POST', at('households', id, 'residents'), body),
  changeResident: (id: string, residentId: string, body: z.infer<typeof home.newResident>) =>
    ask(done, 'PUT', at('households', id, 'residents', residentId), body),
  removeResident: (id: string, residentId: string) =>
    ask(done, 'DELETE', at('households', id, 'residents', residentId)),
  addContact: (id: string, body: z.infer<typeof home.newContact>) =>
    ask(done, 'POST', at('households', id, 'contacts'), body),
  changeContact: (id: string, contactId: string, body: z.infer<typeof home.newContact>) =>
    ask(done, 'PUT', at('households', id, 'contacts', contactId), body),
  removeContact: (id: string, contactId: string) => ask(done, 'DELETE', at('households', id, 'contacts', contactId)),
  describeDevice: (id: string, body: z.infer<typeof home.deviceChange>) =>
    ask(done, 'PUT', at('households', id, 'devices'), body),
  addHub: (id: string, body: z.infer<typeof home.newHub>) =>
    ask(home.hubKeyAnswer, 'POST', at('households', id, 'hubs'), body),
  addKey: (hubId: string) => ask(home.hubKeyAnswer, 'POST', at('hubs', hubId, 'keys')),
  revokeOldestKey: (hubId: string) => ask(done, 'DELETE', at('hubs', hubId, 'keys', 'oldest')),
  addPause: (id: string, body: z.infer<typeof home.newPause>) =>
    ask(done, 'POST', at('households', id, 'pauses'), body),
  endPause: (id: string, pauseId: string) => ask(done, 'DELETE', at('households', id, 'pauses', pauseId)),
  register: (body: z.input<typeof home.registrationsRequest>) =>
    ask(home.registrationsAnswer, 'POST', 'registrations', body),

  areas: () => ask(areasAnswer, 'GET', 'areas'),
  addArea: (body: z.infer<typeof newArea>) => ask(newAreaAnswer, 'POST', 'areas', body),
  users: () => ask(own.usersAnswer, 'GET', 'users'),
  addUser: (body: z.input<typeof own.newUser>) => ask(own.newUserAnswer, 'POST', 'users', body),
  newLink: (userId: string) => ask(own.newUserAnswer.pick({ link: true }), 'POST', at('users', userId, 'link')),
  webhooks: () => ask(whole.webhooksAnswer, 'GET', 'webhooks'),
  addWebhook: (body: z.infer<typeof whole.newWebhook>) => ask(whole.newWebhookAnswer, 'POST', 'webhooks', body),
  removeWebhook: (id: string) => ask(done, 'DELETE', at('webhooks', id)),
  system: () => timed(ask(whole.systemAnswer, 'GET', 'system')),
};

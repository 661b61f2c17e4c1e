import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { type Action, actions, may } from '../../domain/scope.ts';
import type { User } from '../../domain/user.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Thing } from '../../store/area.ts';
import type { Store } from '../../store/commands.ts';
import { Refused } from './errors.ts';
import { checkOrigin } from './origin.ts';
import { findSession, userOf } from './sessions.ts';

type Asked = { readonly path: string; readonly thing: Thing };

const byId =
  (kind: Thing['kind']) =>
  (request: FastifyRequest): Asked[] => [{ path: 'id', thing: { kind, id: (request.params as { id: string }).id } }];
const inBody =
  (path: string, kind: Thing['kind']) =>
  (request: FastifyRequest): Asked[] => [
    { path, thing: { kind, id: (request.body as Record<string, string>)[path] ?? '' } },
  ];

/** Which things a request is about, so that it can be asked whether they lie in the user's scope. */
const places = {
  /** Of no thing in particular: the statement itself is held to the user's scope. */
  own: (): Asked[] => [],
  household: byId('household'),
  alert: byId('alert'),
  hub: byId('hub'),
  user: byId('user'),
  webhook: byId('webhook'),
  parentArea: inBody('parentId', 'area'),
  area: inBody('areaId', 'area'),
  newUser: (request: FastifyRequest): Asked[] => {
    const { areaId, householdId } = request.body as { areaId: string | null; householdId: string | null };
    return [
      ...(areaId === null ? [] : [{ path: 'areaId', thing: { kind: 'area', id: areaId } as const }]),
      ...(householdId === null
        ? []
        : [{ path: 'householdId', thing: { kind: 'household', id: householdId } as const }]),
    ];
  },
  stations: (request: FastifyRequest): Asked[] =>
    (request.body as { registrations: { stationId: string }[] }).registrations.map(({ stationId }, index) => ({
      path: `registrations.${index}.stationId`,
      thing: { kind: 'station', id: stationId },
    })),
} as const satisfies Record<string, (request: FastifyRequest) => Asked[]>;

/** Who may ask a route: anybody; this machine and the owner; or those who may do `action` where the thing is that it is about. */
export type Access = 'public' | 'operations' | { readonly action: Action; readonly place: keyof typeof places };

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

function checkRole(user: User, action: Action): void {
  const here = { areaIds: user.areaId === null ? [] : [user.areaId], householdId: user.householdId };
  if (!may(user, action, here)) throw new Refused('not_allowed', [], { roles: actions[action].join(', ') });
}

type Deps = { readonly store: Store; readonly clock: Clock; readonly publicUrl: string | null };

/** Before anything of the request is read: where it comes from, who asks, and whether their role may ask this at all. */
const identify =
  ({ store, clock, publicUrl }: Deps) =>
  async (request: FastifyRequest): Promise<void> => {
    checkOrigin(request, publicUrl);
    if (request.is404) return;
    const { access } = request.routeOptions.config;
    if (access === undefined) throw new Error(`${request.url} does not say who may ask it`);
    if (access === 'public') return;
    if (access === 'operations' && LOOPBACK.has(request.ip)) return;
    request.session = await findSession(store, clock, request);
    checkRole(userOf(request), access === 'operations' ? 'user.edit' : access.action);
  };

/** Whether what the request is about lies in the user's scope. What does not is as if it were not there. */
const locate =
  ({ store }: Deps) =>
  async (request: FastifyRequest): Promise<void> => {
    const { access } = request.routeOptions.config;
    if (request.is404 || typeof access !== 'object') return;
    const asked = places[access.place](request);
    if (asked.length === 0) return;
    const found = await store.placesOf({ things: asked.map(({ thing }) => thing) });
    const user = userOf(request);
    const outside = asked.filter((_, index) => {
      const place = found[index];
      return !place || !may(user, access.action, place);
    });
    if (outside.length === 0) return;
    throw new Refused(
      'not_found',
      outside.map(({ path, thing }) => ({ path, message: `no such ${thing.kind}` })),
    );
  };

/** A plugin's own routes cannot say it themselves. */
const isPlugins = ({ url }: RouteOptions): boolean => url.startsWith('/api/docs') || url === '/*' || url === '/';

/** The one scope check, on every route. A route that does not declare its access stops the start. */
export function guardRoutes(app: FastifyInstance, deps: Deps): void {
  app.decorateRequest('session', null);
  app.addHook('onRoute', (route) => {
    if (!route.config?.access && isPlugins(route)) route.config = { ...route.config, access: 'public' };
    if (!route.config?.access) throw new Error(`${String(route.method)} ${route.url} does not declare who may ask it`);
  });
  app.addHook('onRequest', identify(deps));
  app.addHook('preHandler', locate(deps));
}

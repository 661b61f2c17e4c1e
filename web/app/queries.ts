import { QueryCache, QueryClient, useQuery } from '@tanstack/react-query';
import { type Action, actions } from '../../domain/scope.ts';
import type { Role, User } from '../../domain/user.ts';
import { ApiError, api, type QueueState, type SeriesWanted } from './api.ts';

/** What the server refused on purpose is final; what nobody answered is asked once more. */
const worthAsking = (failures: number, error: Error): boolean =>
  failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500);

const POLL_MS = 15_000;
/** More than any desk can read; the server's own bound. */
const QUEUE_LIMIT = 500;

/** A session that has ended, wherever that is noticed, leads back to the log-in. */
const noticeEnd = (error: Error): void => {
  if (error instanceof ApiError && error.status === 401) void queries.invalidateQueries({ queryKey: ['session'] });
};

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: noticeEnd }),
  // Our server is often on this machine or this network: whether there is internet is not the question.
  defaultOptions: {
    queries: { retry: worthAsking, staleTime: 5_000, networkMode: 'always' },
    mutations: { retry: false, networkMode: 'always' },
  },
});

export const useSession = () => useQuery({ queryKey: ['session'], queryFn: api.session, staleTime: Infinity });

/** Who is logged in; the frame renders pages only for somebody. */
export function useMe(): User {
  const me = useSession().data?.loggedIn;
  if (!me) throw new Error('nobody is logged in');
  return me;
}

export const roleMay = (role: Role, action: Action): boolean => (actions[action] as readonly Role[]).includes(role);
export const useMay = (action: Action): boolean => roleMay(useMe().role, action);

/** Everything about alerts begins with the key `alerts`: one nudge makes all of it be fetched again. */
export const queueKey = (state: QueueState) => ['alerts', 'queue', state] as const;

export const useQueue = (state: QueueState, enabled = true) =>
  useQuery({
    enabled,
    queryKey: queueKey(state),
    queryFn: () => api.queue(state, state === 'closed' ? 100 : QUEUE_LIMIT),
    refetchInterval: POLL_MS,
    refetchIntervalInBackground: true,
  });

export const useAlert = (id: string) =>
  useQuery({ queryKey: ['alerts', 'one', id], queryFn: () => api.alert(id), refetchInterval: POLL_MS });

export const useHouseholds = (search: string, limit: number, offset: number) =>
  useQuery({
    queryKey: ['households', search, limit, offset],
    queryFn: () => api.households(search, limit, offset),
    placeholderData: (before) => before,
    refetchInterval: 60_000,
  });

export const useHousehold = (id: string) =>
  useQuery({ queryKey: ['household', id, 'file'], queryFn: () => api.household(id), refetchInterval: 30_000 });

export const useTimeline = (id: string, limit: number) =>
  useQuery({
    queryKey: ['household', id, 'timeline', limit],
    queryFn: () => api.timeline(id, limit),
    refetchInterval: 30_000,
  });

export const useSeries = (id: string, wanted: SeriesWanted) =>
  useQuery({
    queryKey: ['household', id, 'series', wanted],
    queryFn: () => api.series(id, wanted),
    staleTime: 60_000,
    placeholderData: (before) => before,
  });

export const useAreas = () => useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
export const useUsers = () => useQuery({ queryKey: ['users'], queryFn: api.users });
export const useWebhooks = () => useQuery({ queryKey: ['webhooks'], queryFn: api.webhooks });
export const useSystem = () => useQuery({ queryKey: ['system'], queryFn: api.system, refetchInterval: POLL_MS });

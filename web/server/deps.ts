import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Nudge } from '../../runtime/nudge.ts';
import type { Store } from '../../store/commands.ts';
import type { Live } from './live.ts';

/** What the server is given by whoever wires it. */
export type Deps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly nudge: Nudge;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The folder of the built screens. */
  readonly screens: string;
  /** How people reach this server; null: as each request did. */
  readonly publicUrl: string | null;
  /** Where hubs connect, for those who have to type it in: MQTT without and with TLS. */
  readonly mqtt: { readonly port: number; readonly tlsPort: number };
  /** Why the process cannot do its work yet, or any more; empty when it can. */
  readonly unready: () => readonly string[];
};

/** Fastify with requests and answers typed by the wire's schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** One file a noun registers its routes. */
export type Routes = (app: App, deps: Deps & { readonly live: Live }) => void;

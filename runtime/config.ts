import { join } from 'node:path';
import * as z from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

/**
 * Everything that can be set, all of it in the environment. Port 0 lets the system choose one (the log says which).
 * http and MQTT without TLS are for this machine only unless a host is named on purpose.
 */
export const settings = z.object({
  SHOUWANG_DATA_DIR: z.string().min(1).default('data').describe('folder of the database, keys and certificates'),
  SHOUWANG_DATABASE_URL: optional(z.string().regex(/^postgres(ql)?:\/\//, 'a postgres:// URL')).describe(
    'PostgreSQL instead of the embedded SQLite, e.g. postgres://user:password@host/shouwang; of several (host1:5432,host2:5432) the one that takes writes',
  ),
  SHOUWANG_HTTP_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('address of the consoles and the API; anything but loopback is served by HTTPS'),
  SHOUWANG_HTTP_PORT: port.default(8080).describe('port of the consoles and the API'),
  SHOUWANG_MQTT_HOST: z.string().default('127.0.0.1').describe('address of MQTT without TLS'),
  SHOUWANG_MQTT_PORT: port.default(1883).describe('port of MQTT without TLS'),
  SHOUWANG_MQTTS_HOST: z.string().default('0.0.0.0').describe('address of MQTT over TLS'),
  SHOUWANG_MQTTS_PORT: port.default(8883).describe('port of MQTT over TLS'),
  SHOUWANG_TLS_CERT: optional(z.string()).describe(
    "PEM file with the site's certificate and chain; without it one is made at first start",
  ),
  SHOUWANG_TLS_KEY: optional(z.string()).describe('PEM file with the key of that certificate'),
  SHOUWANG_PUBLIC_URL: optional(z.url()).describe(
    'how people reach the consoles, for links; default: http(s)://host:port',
  ),
  SHOUWANG_HEARTBEAT_URL: optional(z.url()).describe(
    'fetched every 30 s while all promises hold: an outside dead-man switch that raises the alarm when it stops',
  ),
  SHOUWANG_INFLUX_URL: optional(z.url()).describe('InfluxDB 2 that receives every reading; without it none is written'),
  SHOUWANG_INFLUX_TOKEN: z.string().default('').describe('its token'),
  SHOUWANG_INFLUX_ORG: z.string().default('shouwang').describe('its organisation'),
  SHOUWANG_INFLUX_BUCKET: z.string().default('readings').describe('its bucket'),
  SHOUWANG_MAX_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(1)
    .default(120_000)
    .describe('MQTT connections that this process accepts'),
  SHOUWANG_JOURNAL_DAYS: z.coerce.number().min(1).max(3_650).default(7).describe('days for which every packet is kept'),
  SHOUWANG_BALLAST_MB: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_536)
    .default(256)
    .describe('MB held back on the data disk, released when it is full; 0 holds nothing back'),
  SHOUWANG_METRICS_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('address of the metrics of this process, without TLS and for everybody who reaches it'),
  SHOUWANG_METRICS_PORT: optional(port).describe(
    'port of the metrics of this process; without it only web serves them, to this machine and the owner',
  ),
  SHOUWANG_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('how much is logged'),
});

export type Config = z.infer<typeof settings> & { readonly databaseUrl: string };

/** Reads the environment once; a wrong value ends the start with a sentence that names the key and what is expected. */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const unknown = Object.keys(env).filter((key) => key.startsWith('SHOUWANG_') && !(key in settings.shape));
  const read = settings.safeParse(env);
  const complaints = [
    ...unknown.map((key) => `${key} is not a setting of Shouwang; those are ${Object.keys(settings.shape).join(', ')}`),
    ...(read.error?.issues ?? []).map((issue) => {
      const key = String(issue.path[0]) as keyof typeof settings.shape;
      return `${key} is ${JSON.stringify(env[key])}, but should be: ${settings.shape[key]?.description} (${issue.message})`;
    }),
  ];
  if (!read.success || complaints.length > 0) throw new ConfigError(complaints.join('\n'));
  if (Boolean(read.data.SHOUWANG_TLS_CERT) !== Boolean(read.data.SHOUWANG_TLS_KEY)) {
    throw new ConfigError('SHOUWANG_TLS_CERT and SHOUWANG_TLS_KEY go together: set both, or neither');
  }
  return {
    ...read.data,
    databaseUrl: read.data.SHOUWANG_DATABASE_URL ?? join(read.data.SHOUWANG_DATA_DIR, 'shouwang.db'),
  };
}

/** A start that was refused because of what somebody set: shown as a sentence, without a stack. */
export class ConfigError extends Error {}

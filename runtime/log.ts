import { pino } from 'pino';

export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/** Structured logs on standard error: ids and reasons, never a name, number, address or what a resident did. Errors keep their causes. */
export function openLog(level: string, role: string): pino.Logger {
  return pino(
    {
      level,
      base: { role },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: pino.stdSerializers.errWithCause },
      redact: { paths: ['req.headers.cookie', 'req.headers.authorization', 'password', 'token', 'key'], remove: true },
    },
    pino.destination(2),
  );
}

/** For tests and tools that have nothing to say. */
export const silentLog: Log = pino({ level: 'silent' });

import { pino } from 'pino';

export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

const OBEYED = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** JSON escapes control characters up to U+001F; terminals obey those of C1 too, and marks of direction make a line read otherwise. */
export const harmless = (line: string): string =>
  line.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Structured logs on standard error: ids and reasons, never a name, number, address or what a resident did. Errors keep their causes. */
export function openLog(level: string, role: string): pino.Logger {
  return pino(
    {
      level,
      base: { role },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: { streamWrite: harmless },
      serializers: { err: pino.stdSerializers.errWithCause },
      redact: { paths: ['req.headers.cookie', 'req.headers.authorization', 'password', 'token', 'key'], remove: true },
    },
    pino.destination(2),
  );
}

/** For tests and tools that have nothing to say. */
export const silentLog: Log = pino({ level: 'silent' });

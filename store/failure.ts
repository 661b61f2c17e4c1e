/**
 * What it means that a command failed. `unavailable`: the memory cannot be reached or is full; whether this was written is unknown, and
 * the same is to be asked again until it is answered. `refused`: it will never take this. `lost`: what is on disk is unknown, and only a
 * clean start tells.
 */
export type Failure = 'unavailable' | 'refused' | 'lost';

/** A command that failed in another thread; the engine's own error is the cause. */
export class StoreError extends Error {
  readonly failure: Failure;
  /** The engine's (or our own) word for what went wrong, which no clone of an error keeps. */
  readonly code: string | undefined;

  constructor(failure: Failure, cause: Error, code: string | undefined) {
    super(cause.message, { cause });
    this.failure = failure;
    this.code = code;
  }
}

export const codeOf = (error: Error): string | undefined => ('code' in error ? String(error.code) : undefined);

const LOST = /^SQLITE_(IOERR|CORRUPT|NOTADB)/;
/** Full or locked (SQLite); then PostgreSQL's classes: connection, resources, operator intervention, read-only after a fail-over, give up a race. */
const UNAVAILABLE =
  /^(SQLITE_(FULL|BUSY)|UNREACHABLE|08|53|57P|57014|58|25006|25P03|40|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/;
/** node-postgres has no code for these. */
const GONE =
  /connection terminated|timeout exceeded when trying to connect|not queryable|client has encountered a connection error|query read timeout|connection has been discarded/i;

export function failureOf(error: unknown): Failure {
  if (error instanceof StoreError) return error.failure;
  if (!(error instanceof Error)) return 'refused';
  const code = codeOf(error) ?? '';
  if (LOST.test(code)) return 'lost';
  return UNAVAILABLE.test(code) || GONE.test(error.message) ? 'unavailable' : 'refused';
}

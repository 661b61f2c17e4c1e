import * as z from 'zod';

const id = z.string().min(1).max(64);
export const byId = z.object({ id });
export const partById = z.object({ id, partId: id });
/** An answer without a body. */
export const nothing = z.undefined();

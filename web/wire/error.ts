import * as z from 'zod';

/** Every error that a user can see: a code to quote and to translate, and a sentence that says what to do. */
export const errorAnswer = z.object({
  code: z.string(),
  message: z.string(),
  /** What exactly was wrong, where it can be said: the path of a field and its complaint. */
  details: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});
export type ErrorAnswer = z.infer<typeof errorAnswer>;

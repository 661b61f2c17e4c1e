import * as z from 'zod';
import { category } from './category.ts';
import { readingKind } from './reading.ts';

/** A sentence for people, in both languages of the product. */
export const sentence = z.object({ zh: z.string(), en: z.string() });
export type Sentence = z.infer<typeof sentence>;

/** What a conclusion rests on: the readings, and the numbers that were compared (ms, UCUM units by name). */
export const evidence = z.object({
  readings: z.array(
    z.object({ device: z.string(), kind: readingKind, value: z.union([z.boolean(), z.number()]), at: z.number() }),
  ),
  numbers: z.record(z.string(), z.number()),
});
export type Evidence = z.infer<typeof evidence>;

/** What a rule concludes. The same cause always yields the same `occurrenceKey`, so that a replay raises nothing twice. */
export const finding = z.object({
  householdId: z.string(),
  category,
  /** What it is about within its category: a resident's, room's or device's id or key; '' where there is only one. */
  subject: z.string(),
  /** The rule that concluded, by the name of its file. */
  rule: z.string(),
  occurrenceKey: z.string(),
  /** When it happened (server's time). */
  at: z.number(),
  /** How late the news of it came: the age of the reading on arrival, ms. */
  delayMs: z.number(),
  sentence,
  evidence,
});
export type Finding = z.infer<typeof finding>;

/** The cause of a technical alert is gone. */
export type Recovery = Pick<Finding, 'householdId' | 'category' | 'subject' | 'at' | 'sentence'>;

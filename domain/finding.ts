import * as z from 'zod';
import { type Category, categories, category } from './category.ts';
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

/** What a rule concludes. The same cause always yields the same `occurrenceKey`, so that a replay raises nothing twice. */
export const finding = z.object({
  householdId: z.string(),
  category,
  /** The device (or the part of Shouwang) that it is about; the alert's subject follows from it and from the category. */
  about: z.object({ hubId: z.string(), device: z.string() }),
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
export type Recovery = Pick<Finding, 'householdId' | 'category' | 'about' | 'at' | 'sentence'>;

/** What distinguishes two open alerts of one category in a household. `room` is the device's, where an installer named it. */
export function subjectOf(category: Category, about: Finding['about'], room: string): string {
  switch (categories[category].subject) {
    case 'resident':
    case 'household':
      return '';
    case 'room':
      return room === '' ? `${about.hubId}/${about.device}` : room;
    case 'device':
      return `${about.hubId}/${about.device}`;
    case 'system':
      return about.device;
  }
}

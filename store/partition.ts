import { crc32 } from 'node:zlib';

/** Households are dealt out to so many slots, by their id alone; a slot is stored with each entry of the journal. */
const SLOTS = 256;

export const slotOf = (householdId: string): number => crc32(householdId) % SLOTS;

/** The slots that leave `number` as remainder, by `of`: one processor at a time works on their households. */
export type Partition = { readonly number: number; readonly of: number };

export const isIn = ({ number, of }: Partition, slot: number): boolean => slot % of === number;

import { crc32 } from 'node:zlib';

/** Households are dealt out to so many slots, by their id alone; a slot is stored with each entry of the journal. */
export const SLOTS = 256;

export const slotOf = (householdId: string): number => crc32(householdId) % SLOTS;

/** A partition is the slots that leave its number as remainder: one processor at a time works on it. */
export const partitionOf = (slot: number, partitions: number): number => slot % partitions;

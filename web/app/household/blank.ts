import type * as z from 'zod';
import { vitalLimits } from '../../../domain/household.ts';
import type { newContact, newResident } from '../../wire/household.ts';

/** What a person has begun to type about a resident, and about a contact. */
export type ResidentDraft = z.infer<typeof newResident>;
export type ContactDraft = z.infer<typeof newContact>;

export const blankResident = (): ResidentDraft => ({
  name: '',
  birthYear: null,
  sex: 'unknown',
  notes: '',
  limits: vitalLimits.parse({}),
});

export const blankContact = (rank: number): ContactDraft => ({ name: '', relation: '', phone: '', rank });

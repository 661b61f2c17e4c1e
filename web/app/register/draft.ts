import * as z from 'zod';
import { household } from '../../../domain/household.ts';
import { newContact, newHub, newResident, type registration } from '../../wire/household.ts';
import { blankContact, blankResident } from '../household/blank.ts';

/** What has been typed so far: not yet right, so looser than a registration. */
const draft = z.object({
  stationId: z.string().nullable(),
  household: z.object({ name: z.string(), address: z.string(), access: z.string(), live: z.boolean() }),
  residents: z.array(newResident.extend({ name: z.string() })),
  contacts: z.array(newContact.extend({ name: z.string(), phone: z.string() })),
  hub: newHub.extend({ clientId: z.string() }).nullable(),
});
export type Draft = z.infer<typeof draft>;

export type HubDraft = z.infer<typeof newHub>;

/** A name that no other hub has; an installer may write the one on the label instead. */
export const blankHub = (): HubDraft => ({
  clientId: `sw-${crypto.getRandomValues(new Uint32Array(2)).reduce((name, part) => name + part.toString(36), '')}`,
  ecosystem: 'zigbee2mqtt',
  power: 'mains',
});

export const blank = (): Draft => ({
  stationId: null,
  household: { name: '', address: '', access: '', live: false },
  residents: [blankResident()],
  contacts: [blankContact(1)],
  hub: blankHub(),
});

const place = 'shouwang.registration';

/** What was typed survives a reload, for as long as this window is open; it is personal data, so no longer. */
export function keptDraft(): Draft {
  const kept = sessionStorage.getItem(place);
  return kept === null ? blank() : (draft.safeParse(JSON.parse(kept)).data ?? blank());
}
export const keep = (typed: Draft): void => sessionStorage.setItem(place, JSON.stringify(typed));
export const forget = (): void => sessionStorage.removeItem(place);

/** Rows that nobody filled in are not meant. */
const meant = <T extends { readonly name: string }>(rows: readonly T[]): readonly T[] =>
  rows.filter(({ name }) => name.trim() !== '');

export type Missing = 'station' | 'household' | 'contacts' | 'hub';

/** The registration that a draft amounts to, or the parts of the page that are still to be done. */
export function registrationOf(
  typed: Draft,
): { ready: z.input<typeof registration> } | { missing: readonly Missing[] } {
  const { live, ...home } = typed.household;
  const ready = {
    stationId: typed.stationId ?? '',
    household: { ...home, mode: live ? ('live' as const) : ('commissioning' as const) },
    residents: [...meant(typed.residents)],
    contacts: [...typed.contacts.filter(({ name, phone }) => name.trim() !== '' || phone.trim() !== '')],
    hub: typed.hub,
    devices: [],
  };
  const missing: Missing[] = [
    ...(typed.stationId === null ? (['station'] as const) : []),
    ...(household.shape.name.safeParse(home.name.trim()).success ? [] : (['household'] as const)),
    ...(z.array(newContact).safeParse(ready.contacts).success ? [] : (['contacts'] as const)),
    ...(typed.hub === null || newHub.safeParse(typed.hub).success ? [] : (['hub'] as const)),
  ];
  return missing.length > 0 ? { missing } : { ready };
}

import { describe, expect, it } from 'vitest';
import { registration } from '../../wire/household.ts';
import { blank, registrationOf } from './draft.ts';

const filled = () => ({
  ...blank(),
  stationId: 'station-1',
  household: { name: '3-201', address: '', access: '', live: false },
});

describe('a registration that is being typed', () => {
  it('says which parts are still to be done', () => {
    expect(registrationOf(blank())).toEqual({ missing: ['station', 'household'] });
  });

  it('needs no resident and no contact, and sends no empty rows', () => {
    const { ready } = registrationOf(filled()) as { ready: unknown };
    expect(registration.parse(ready)).toMatchObject({
      residents: [],
      contacts: [],
      household: { mode: 'commissioning' },
    });
  });

  it('does not drop a contact whose telephone number cannot be called', () => {
    const contacts = [{ name: '女儿', relation: '', phone: 'later', rank: 1 }];
    expect(registrationOf({ ...filled(), contacts })).toEqual({ missing: ['contacts'] });
  });

  it('refuses a hub whose name MQTT would not carry', () => {
    const hub = { clientId: 'with space', ecosystem: 'shouwang' as const, power: 'mains' as const };
    expect(registrationOf({ ...filled(), hub })).toEqual({ missing: ['hub'] });
  });
});

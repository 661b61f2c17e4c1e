import { describe, expect, it } from 'vitest';
import { deviceNow, type HouseholdFile } from '../../wire/household.ts';
import { howIsIt } from './howIsIt.ts';

const hub = (connected: boolean) => ({ connected }) as HouseholdFile['hubs'][number];
const alert = (priority: 1 | 2 | 3 | 4) => ({ priority }) as HouseholdFile['openAlerts'][number];
const sensor = (room: string, at: number) =>
  deviceNow.parse({
    householdId: 'h',
    hubId: 'hub',
    key: room,
    name: '',
    room,
    class: 'motion',
    lastHeardAt: at,
    state: 'heard',
    battery: null,
    last: [{ kind: 'motion', value: false, at }],
  });

describe('what can be said of a home', () => {
  it('is well when every hub is connected and nothing is open', () => {
    expect(howIsIt({ openAlerts: [], hubs: [hub(true)], devices: [] }).kind).toBe('well');
  });

  it('is never well while one hub cannot be heard, or when there is none', () => {
    expect(howIsIt({ openAlerts: [], hubs: [hub(true), hub(false)], devices: [] }).kind).toBe('unknown');
    expect(howIsIt({ openAlerts: [], hubs: [], devices: [] }).kind).toBe('unknown');
  });

  it('is open with the most urgent of its alerts', () => {
    expect(howIsIt({ openAlerts: [alert(4), alert(2), alert(3)], hubs: [hub(true)], devices: [] })).toMatchObject({
      kind: 'open',
      priority: 2,
    });
  });

  it('names the room in which something moved last', () => {
    const devices = [sensor('kitchen', 10), sensor('bedroom', 20)];
    expect(howIsIt({ openAlerts: [], hubs: [hub(true)], devices }).lastMotion).toEqual({ at: 20, room: 'bedroom' });
  });
});

import { supervision } from '../../domain/hub.ts';
import { readingKind } from '../../domain/reading.ts';
import {
  type Conclusion,
  type Home,
  type Input,
  NEVER_AT,
  type Outcome,
  type Relief,
  type Rule,
  without,
} from '../rule.ts';
import { audible, type DeviceSeen } from '../seen.ts';
import { classIn } from '../watched.ts';
import { deviceName, duration } from '../words.ts';

/** The devices that are lost, with the deadline that they missed. */
type Lost = Readonly<Record<string, number>>;

const split = (place: string): { hubId: string; device: string } => {
  const at = place.indexOf('/');
  return { hubId: place.slice(0, at), device: place.slice(at + 1) };
};

const limitOf = (place: string, device: DeviceSeen, home: Home): number | null =>
  supervision.device[classIn(home.household, place, device.class)];

/** Null while its silence says nothing: it need not speak, or its hub cannot be heard. */
function deadlineOf(place: string, device: DeviceSeen, home: Home): number | null {
  const limitMs = limitOf(place, device, home);
  const { hubId } = split(place);
  const hub = home.seen.hubs[hubId];
  // Not by when it is overdue: our own restart gives a hub that has been gone for days its time again.
  if (limitMs === null || !hub || !audible(home, hubId)) return null;
  return Math.max(device.heardAt, hub.backAt, home.longBlindUntilAt) + limitMs;
}

function loss(place: string, device: DeviceSeen, deadlineAt: number, limitMs: number, home: Home): Conclusion {
  const about = split(place);
  const name = deviceName(home, about.hubId, about.device);
  const silence = duration(deadlineAt - device.heardAt);
  const limit = duration(limitMs);
  return {
    category: 'device_lost',
    about,
    occurrenceKey: `device_lost:${place}:${deadlineAt}`,
    at: deadlineAt,
    delayMs: 0,
    sentence: {
      zh: `${name.zh}已 ${silence.zh}没有任何消息（应当至少每 ${limit.zh}一次），可能没电、掉落或损坏。`,
      en: `Nothing from ${name.en} for ${silence.en} (it should speak at least every ${limit.en}): its battery may be empty, or it has come off or broken.`,
    },
    evidence: {
      readings: [],
      numbers: { silenceMs: deadlineAt - device.heardAt, limitMs, lastHeardAt: device.heardAt },
    },
  };
}

function found(place: string, home: Home): Relief {
  const about = split(place);
  const name = deviceName(home, about.hubId, about.device);
  return {
    category: 'device_lost',
    about,
    at: home.now,
    sentence: { zh: `${name.zh}又有消息了。`, en: `${name.en} is heard again.` },
  };
}

/** Whether a lost device has spoken since it should have. */
const spoke = (place: string, missedAt: number, home: Home): boolean => {
  const device = home.seen.devices[place];
  return device === undefined || device.heardAt + (limitOf(place, device, home) ?? 0) > missedAt;
};

function tick(lost: Lost, home: Home): Outcome<Lost> {
  const findings: Conclusion[] = [];
  let state = lost;
  let wakeAt = NEVER_AT;
  for (const place in home.seen.devices) {
    const device = home.seen.devices[place];
    if (!device || lost[place] !== undefined) continue;
    const deadlineAt = deadlineOf(place, device, home);
    if (deadlineAt === null) continue;
    if (deadlineAt > home.now) wakeAt = Math.min(wakeAt, deadlineAt);
    else {
      findings.push(loss(place, device, deadlineAt, limitOf(place, device, home) ?? 0, home));
      state = { ...state, [place]: deadlineAt };
    }
  }
  return { state, findings, wakeAt };
}

function step(lost: Lost, input: Input, home: Home): Outcome<Lost> | null {
  switch (input.kind) {
    case 'tick':
      return tick(lost, home);
    case 'link':
      // What is behind a hub that is back is to be looked at again, from now on.
      return input.change === 'down' ? null : { state: lost, wakeAt: home.now };
    case 'reading': {
      const { place } = input;
      const missedAt = lost[place];
      if (missedAt !== undefined) {
        if (!spoke(place, missedAt, home)) return null;
        return { state: without(lost, place), recoveries: [found(place, home)], wakeAt: home.now };
      }
      const device = home.seen.devices[place];
      const limitMs = device ? limitOf(place, device, home) : null;
      return limitMs === null ? null : { state: lost, wakeAt: input.madeAt + limitMs };
    }
    case 'unreadable':
      return null;
    default:
      return input satisfies never;
  }
}

/** A device's silence beyond the time of its class, while its hub is heard. Not before it was first heard itself. */
export const deviceLost: Rule<Lost> = {
  name: 'device_lost',
  initial: {},
  // What a hub says about a device's being there is its own memory, not the device's word.
  hears: readingKind.options.filter((kind) => kind !== 'available'),
  step,
};

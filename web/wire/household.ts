import * as z from 'zod';
import { contact, household, pause, resident } from '../../domain/household.ts';
import { device, hub } from '../../domain/hub.ts';
import { readingKind } from '../../domain/reading.ts';
import { queuedAlert } from './alert.ts';

export const householdsQuery = z.object({
  search: z.string().max(100).default(''),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).default(0),
});
export const householdRow = household
  .pick({ id: true, name: true, address: true, mode: true, stationId: true })
  .extend({
    stationName: z.string(),
    residents: z.array(z.string()),
    openAlerts: z.number(),
    lastHeardAt: z.number().nullable(),
  });
export const householdsAnswer = z.object({ households: z.array(householdRow), total: z.number() });

/** What is known of a device now: its last readings and whether it is within its supervision deadline. */
export const deviceNow = device.extend({
  lastHeardAt: z.number().nullable(),
  state: z.enum(['heard', 'lost', 'never_heard']),
  battery: z.number().nullable(),
  last: z.array(z.object({ kind: readingKind, value: z.union([z.boolean(), z.number()]), at: z.number() })),
});
export type DeviceNow = z.infer<typeof deviceNow>;
export const hubNow = hub.extend({
  connected: z.boolean(),
  lastHeardAt: z.number().nullable(),
  activeKeys: z.number(),
});

/** The file of a household. `access` is masked here; asking for it is a request of its own, which is recorded. */
export const householdFile = z.object({
  serverAt: z.number(),
  household: household.extend({ access: z.enum(['', 'masked']) }),
  areas: z.array(z.object({ kind: z.string(), name: z.string() })),
  residents: z.array(resident),
  contacts: z.array(contact),
  pauses: z.array(pause),
  hubs: z.array(hubNow),
  devices: z.array(deviceNow),
  openAlerts: z.array(queuedAlert),
  lastAlerts: z.array(queuedAlert),
});
export type HouseholdFile = z.infer<typeof householdFile>;
export const accessAnswer = z.object({ access: z.string() });

export const timelineQuery = z.object({
  before: z.coerce.number().int().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
/** What happened in the home, latest first: events, vital signs and state changes (not every motion: see `activity`). */
export const timelineAnswer = z.object({
  entries: z.array(
    z.object({
      at: z.number(),
      device: z.string(),
      deviceName: z.string(),
      room: z.string(),
      kind: readingKind,
      value: z.union([z.boolean(), z.number()]),
    }),
  ),
});

export const seriesQuery = z.object({
  kind: readingKind,
  from: z.coerce.number().int(),
  to: z.coerce.number().int(),
  /** Seconds a point: raw readings (0; of vital signs and events), a minute (of those and of movement), an hour or a day. */
  size: z.coerce.number().pipe(z.union([z.literal(0), z.literal(60), z.literal(3_600), z.literal(86_400)])),
});
/** Columns of equal length. `n` readings in a point; `mean`, `min`, `max` in the kind's UCUM unit (of a state: the share that was true). */
export const seriesAnswer = z.object({
  kind: readingKind,
  unit: z.string(),
  points: z.array(
    z.object({
      at: z.number(),
      device: z.string(),
      room: z.string(),
      n: z.number(),
      mean: z.number(),
      min: z.number(),
      max: z.number(),
    }),
  ),
});
export type SeriesAnswer = z.infer<typeof seriesAnswer>;

export const newResident = resident.omit({ id: true, householdId: true });
export const newContact = contact.omit({ id: true, householdId: true });
export const newDevice = device.omit({ householdId: true, hubId: true });

/** A household with all that belongs to it, in one step; an installer's list is many of these. */
export const registration = z.object({
  stationId: z.string(),
  household: household.omit({ id: true, stationId: true }),
  residents: z.array(newResident).max(20).default([]),
  contacts: z.array(newContact).max(20).default([]),
  hub: hub.omit({ id: true, householdId: true, createdAt: true }).nullable().default(null),
  devices: z.array(newDevice).max(200).default([]),
});
export const registrationsRequest = z.object({ registrations: z.array(registration).min(1).max(500) });
/** The key is shown here once and stored only as its SHA-256. All or nothing: one bad row registers none. */
export const registrationsAnswer = z.object({
  registered: z.array(
    z.object({
      householdId: z.string(),
      hubId: z.string().nullable(),
      clientId: z.string().nullable(),
      username: z.string().nullable(),
      key: z.string().nullable(),
    }),
  ),
});

const changeable = household.shape;
/** What is not named stays as it is: a default would overwrite it. */
export const householdPatch = z
  .object({
    name: changeable.name,
    address: changeable.address.unwrap(),
    latitude: changeable.latitude.unwrap(),
    longitude: changeable.longitude.unwrap(),
    access: changeable.access.unwrap(),
    mode: changeable.mode.unwrap(),
    settings: changeable.settings.unwrap(),
    plans: changeable.plans.unwrap(),
  })
  .partial();
export const newHub = hub.pick({ clientId: true, ecosystem: true, power: true });
export const hubKeyAnswer = z.object({
  hubId: z.string(),
  clientId: z.string(),
  username: z.string(),
  key: z.string(),
});
export const newPause = pause.omit({ id: true, householdId: true });
/** What a device is called, where it is and what it is for; the hub and its own key say which. */
export const deviceChange = device.omit({ householdId: true });

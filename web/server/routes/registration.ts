import type { Registration } from '../../../store/registration.ts';
import { registrationsAnswer, registrationsRequest } from '../../wire/household.ts';
import type { Routes } from '../deps.ts';
import { type ErrorDetails, Refused } from '../errors.ts';

const LARGEST_BYTES = 5 * 1024 * 1024;

/** What a schema of one field cannot see. */
const complaintsOf = (registrations: readonly Registration[]): ErrorDetails =>
  registrations.flatMap(({ hub, devices }, index) => {
    if (hub === null && devices.length > 0) {
      return [{ path: `registrations.${index}.devices`, message: 'devices belong to a hub, and there is none' }];
    }
    const keys = devices.map((device) => device.key);
    const twice = keys.findIndex((key, at) => keys.indexOf(key) !== at);
    return twice < 0 ? [] : [{ path: `registrations.${index}.devices.${twice}.key`, message: 'twice in this list' }];
  });

export const registrationRoutes: Routes = (app, { store, clock, nudge }) => {
  app.post(
    '/registrations',
    {
      bodyLimit: LARGEST_BYTES,
      config: { access: { action: 'hub.edit', place: 'stations' } },
      schema: { tags: ['registration'], body: registrationsRequest, response: { 201: registrationsAnswer } },
    },
    async (request, reply) => {
      const { registrations } = request.body;
      const complaints = complaintsOf(registrations);
      if (complaints.length > 0) throw new Refused('invalid', complaints);
      const answer = await store.register({ registrations, now: clock.now() });
      if (answer.conflicts) {
        const details = answer.conflicts.map(({ index, clientId }) => ({
          path: `registrations.${index}.hub.clientId`,
          message: clientId,
        }));
        throw new Refused('client_id_taken', details);
      }
      nudge.send('registry');
      const registered = answer.registered.map(({ householdId, credential }) => ({
        householdId,
        hubId: credential?.hubId ?? null,
        clientId: credential?.clientId ?? null,
        username: credential?.clientId ?? null,
        key: credential?.key ?? null,
      }));
      return reply.status(201).send({ registered });
    },
  );
};

import { createServer } from 'node:net';
import { Aedes } from 'aedes';

/** What the intake is compared with: aedes as it comes, acknowledging without storing anything. Prints its port. */
const aedes = await Aedes.createBroker();
const server = createServer(aedes.handle).listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`);
});

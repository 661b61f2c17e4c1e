import type { Socket } from 'node:net';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { AdmittedHub } from '../../store/hub.ts';
import type { Admittance } from '../admit.ts';
import type { Intake } from '../intake.ts';
import { AnswersInOrder, Pace } from './mqtt-answers.ts';
import { type Connection, grant, type Identity } from './mqtt-connection.ts';
import { answered, deliver, type Sending, unanswerable } from './mqtt-down.ts';
import { type ExactlyOnce, exactlyOnce } from './mqtt-exactly-once.ts';
import { Gate, type GateRules } from './mqtt-gate.ts';
import { type DoorLimits, doorLimits } from './mqtt-limits.ts';
import { type Address, type Certificate, type Listener, listenPlain, listenTls } from './mqtt-listen.ts';
import { doorMeters, type Ending } from './mqtt-meters.ts';
import { keepsNothing, tellsNobody } from './mqtt-nothing.ts';
import { type Presence, presenceOf } from './mqtt-presence.ts';
import { type Refusal, returnCode } from './mqtt-refusal.ts';

export type MqttDoorOptions = {
  readonly intake: Pick<Intake, 'accept' | 'claim' | 'link' | 'full'>;
  readonly admittance: Pick<Admittance, 'admit' | 'onChange'>;
  /** MQTT 3.1.1 over TCP; over TLS as well where there is a certificate. */
  readonly plain: Address | null;
  readonly tls: (Address & Certificate) | null;
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly limits?: Partial<DoorLimits>;
};

export type MqttDoor = {
  readonly port: number | null;
  readonly tlsPort: number | null;
  /** Resolves when the hub has answered for it, or its connection ends. */
  readonly send: (hubId: string, topic: string, payload: string | Buffer) => Promise<Sending>;
  /** Ends a hub's connection that has been overtaken by one of this epoch elsewhere. */
  readonly letGo: (hubId: string, epoch: number) => void;
  /** A renewed certificate, for connections from now on. */
  readonly use: (certificate: Certificate) => void;
  readonly stop: () => Promise<void>;
};

/** What the parts of the door share. */
type Hall = Pick<MqttDoorOptions, 'intake' | 'admittance' | 'clock' | 'log' | 'maxConnections'> & {
  readonly limits: DoorLimits;
  readonly meters: ReturnType<typeof doorMeters>;
  readonly presence: Presence<Connection>;
  readonly once: ExactlyOnce;
  readonly paceOf: (hub: AdmittedHub) => Pace;
  readonly connections: Map<Socket, Connection>;
  /** Connections that are not read because too much waits for the disk. */
  readonly held: Set<Socket>;
  /** Also those that have not said anything yet. */
  readonly sockets: Set<Socket>;
  unanswered: number;
  /** What waits for connections to be on disk, before the intake knows of it. */
  unclaimedBytes: number;
  allAnswered: () => void;
};

function end(hall: Hall, connection: Connection, reason: Ending): void {
  if (connection.socket.destroyed) return;
  hall.meters.ended(reason);
  connection.socket.destroy();
}

function refuse(
  hall: Hall,
  { clientId }: Connection,
  { reason, afterMs }: { readonly reason: Refusal; readonly afterMs: number },
  answer: (error: AuthenticateError) => void,
): void {
  hall.meters.refused(reason);
  hall.log.debug({ clientId: clientId.slice(0, 64), reason }, 'a connection was refused');
  const error = Object.assign(new Error(reason), { returnCode: returnCode[reason] }) as AuthenticateError;
  if (afterMs === 0) answer(error);
  else setTimeout(() => answer(error), afterMs).unref();
}

function identify(hall: Hall, { hub, keyHash }: Pick<Identity, 'hub' | 'keyHash'>, connection: Connection): void {
  const answers = new AnswersInOrder(hall.paceOf(hub), hall.meters.slowed);
  connection.identity = { hub, keyHash, answers };
  connection.gate.open();
}

/** Until the next turn of the loop everything queues behind the claim, so that what waited for it is accepted first. */
function claim(hall: Hall, connection: Connection, hub: AdmittedHub): void {
  connection.claimed = hall.presence.up(hub, connection);
  connection.claimed.then(
    () => setImmediate(() => (connection.claimed = null)),
    () => end(hall, connection, 'failed'),
  );
}

type Authenticated = (error: AuthenticateError | null, success: boolean | null) => void;

function authenticate(
  hall: Hall,
  connection: Connection,
  credential: { readonly username: string | undefined; readonly password: Buffer | undefined },
  done: Authenticated,
): void {
  if (hall.sockets.size > hall.maxConnections) {
    refuse(hall, connection, { reason: 'server_full', afterMs: 0 }, (error) => done(error, null));
    return;
  }
  const address = connection.socket.remoteAddress ?? '';
  const admission = hall.admittance.admit({ clientId: connection.clientId, ...credential, address });
  if (admission.kind === 'refused') {
    refuse(hall, connection, admission, (error) => done(error, null));
    return;
  }
  identify(hall, admission, connection);
  done(null, true);
}

const isFull = ({ intake, unclaimedBytes, limits }: Hall): boolean =>
  intake.full() || unclaimedBytes > limits.unclaimedBytes;

function readAgain(hall: Hall): void {
  const { held } = hall;
  if (held.size === 0 || isFull(hall)) return;
  const sockets = [...held];
  held.clear();
  for (const socket of sockets) socket.emit('readable');
}

async function tell(
  hall: Hall,
  connection: Connection,
  message: { readonly topic: string; readonly payload: string | Buffer },
): Promise<Sending> {
  if (connection.socket.writableLength <= hall.limits.unreadBytes) return deliver(connection, message);
  end(hall, connection, 'frozen');
  return 'not_connected';
}

type Publish = {
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly messageId?: number | undefined;
};

/** The answer that aedes waits for (PUBACK, PUBREC, or for QoS 0 to read on) is given when the packet is on disk, and in order. */
function hear(hall: Hall, connection: Connection, publish: Publish, answer: () => void): void {
  const { identity, gate } = connection;
  if (!identity) throw new Error('a publish came from nobody');
  const payload = typeof publish.payload === 'string' ? Buffer.from(publish.payload) : publish.payload;
  const packet = { topic: publish.topic, payload, qos: publish.qos, retain: publish.retain };
  const accept = () => {
    if (!connection.claimed) return hall.intake.accept(packet, identity.hub);
    hall.unclaimedBytes += payload.length;
    return connection.claimed.then(() => {
      hall.unclaimedBytes -= payload.length;
      return hall.intake.accept(packet, identity.hub);
    });
  };
  const { messageId = 0, dup } = publish;
  hall.unanswered++;
  const ready = identity.answers.expect(() => {
    hall.unanswered--;
    gate.answered();
    answer();
    if (hall.unanswered === 0) hall.allAnswered();
  });
  const accepted =
    packet.qos === 2
      ? hall.once.once(identity.hub.clientId, connection, { ...packet, messageId, dup }, accept)
      : accept();
  accepted.then(
    ({ acknowledge }) =>
      guarded(hall, connection, () => {
        ready();
        if (acknowledge) void tell(hall, connection, acknowledge);
        readAgain(hall);
      }),
    () => end(hall, connection, 'failed'),
  );
}

/** A hook that throws would end the process; this wall ends the one connection instead. */
function guarded(hall: Hall, connection: Connection, work: () => void): void {
  try {
    work();
  } catch (err) {
    hall.log.error(
      { err, hubId: connection.identity?.hub.hubId },
      'a connection was closed because of our own mistake',
    );
    end(hall, connection, 'failed');
  }
}

function embed(hall: Hall): Aedes {
  const of = (client: Client): Connection => {
    const connection = hall.connections.get(client.conn as Socket);
    if (!connection) throw new Error('aedes speaks of a client that it was not given');
    return connection;
  };
  const { limits } = hall;
  const aedes = new Aedes({
    mq: tellsNobody,
    persistence: {
      ...keepsNothing,
      incomingDelPacket: async ({ id }: Client, { messageId }: { messageId: number }) =>
        hall.once.released(id, messageId),
      outgoingClearMessageId: async (client: Client, { messageId }: { messageId: number }) =>
        answered(of(client), messageId),
      cleanIncoming: async ({ id }: Client) => hall.once.forget(id),
    },
    connectTimeout: limits.authenticateMs,
    drainTimeout: limits.drainMs,
    // Clients of MQTT 3.1 are let in by the same names as others.
    maxClientsIdLength: 64,
    preConnect(client, packet, done) {
      const connection = of(client);
      connection.clientId = packet.clientId;
      // Presence is known from connections; a will would be a false "offline" at every take-over, and a way to write unasked.
      delete packet.will;
      const longest = limits.longestKeepaliveSeconds;
      packet.keepalive = Math.min(packet.keepalive || longest, longest);
      done(null, true);
    },
    authenticate(client, username, password, done) {
      const connection = of(client);
      guarded(hall, connection, () => authenticate(hall, connection, { username, password }, done));
    },
    authorizePublish(client, packet, done) {
      if (!client) return;
      const connection = of(client);
      guarded(hall, connection, () => hear(hall, connection, packet, () => done(null)));
    },
    authorizeSubscribe(client, subscription, done) {
      done(null, grant(of(client), subscription.topic, subscription.qos) ? subscription : null);
    },
  });
  // Up-link goes nowhere but to the journal: no copy, no retained message, no fan-out, no $SYS; nor is their cost paid.
  aedes.publish = (_packet: unknown, clientOrDone: unknown, done: unknown = clientOrDone) => {
    if (typeof done === 'function') done();
  };
  aedes.on('client', (client) => {
    const connection = of(client);
    if (connection.identity) claim(hall, connection, connection.identity.hub);
  });
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of filters) hall.connections.get(client.conn as Socket)?.filters.delete(filter);
  });
  aedes.on('keepaliveTimeout', () => hall.meters.ended('silent'));
  aedes.on('connectionError', (_client, { message }) =>
    hall.meters.ended(message === 'connect did not arrive in time' ? 'late' : 'protocol'),
  );
  return aedes;
}

/** Its hooks are the same for all sockets: ten thousand idle hubs would hold ten thousand closures of each. */
function receptionOf(hall: Hall, aedes: Aedes): (socket: Socket) => void {
  const rules: GateRules = {
    limits: hall.limits,
    clock: hall.clock,
    held(socket) {
      if (!isFull(hall)) return false;
      if (!hall.held.has(socket)) hall.meters.paused();
      hall.held.add(socket);
      return true;
    },
    oversize(socket) {
      const connection = hall.connections.get(socket);
      if (connection) end(hall, connection, 'oversize');
    },
  };
  function left(this: Socket, withError: boolean): void {
    const connection = hall.connections.get(this);
    hall.connections.delete(this);
    hall.held.delete(this);
    if (connection) unanswerable(connection);
    if (!connection?.identity) return;
    const { hub, answers } = connection.identity;
    hall.unanswered -= answers.waiting;
    answers.end();
    hall.presence.down(hub, connection, withError ? connection.gate.silentMs() : 0);
    if (hall.unanswered === 0) hall.allAnswered();
  }
  return (socket) => {
    const gate = new Gate(socket, rules);
    const client = aedes.handle(socket);
    hall.connections.set(socket, {
      socket,
      gate,
      client,
      clientId: '',
      identity: null,
      claimed: null,
      unanswered: null,
      lastId: 0,
      filters: new Map(),
    });
    gate.follow();
    socket.on('close', left);
  };
}

function hallOf(options: MqttDoorOptions): Hall {
  const limits = { ...doorLimits, ...options.limits };
  const paces = new Map<string, Pace>();
  const paceOf = ({ hubId }: AdmittedHub): Pace => {
    const known = paces.get(hubId) ?? new Pace(limits, options.clock);
    paces.set(hubId, known);
    return known;
  };
  const hall: Hall = {
    ...options,
    limits,
    meters: doorMeters(options.metrics, { connections: () => hall.sockets.size, inFlight: () => hall.unanswered }),
    presence: presenceOf(options.intake, options.clock),
    once: exactlyOnce(),
    paceOf,
    connections: new Map(),
    held: new Set(),
    sockets: new Set(),
    unanswered: 0,
    unclaimedBytes: 0,
    allAnswered: () => {},
  };
  return hall;
}

async function closeDoor(hall: Hall, aedes: Aedes, listeners: readonly Listener[]): Promise<void> {
  const closed = Promise.all(listeners.map(({ close }) => close()));
  hall.presence.silence();
  for (const { gate } of hall.connections.values()) gate.shut();
  const answered = new Promise<void>((resolve) => {
    hall.allAnswered = resolve;
    if (hall.unanswered === 0) resolve();
  });
  const late = new Promise<void>((resolve) => setTimeout(resolve, hall.limits.stopMs).unref());
  await Promise.race([answered, late]);
  // What was answered last is written at the end of this turn of the loop.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => aedes.close(resolve));
  for (const socket of hall.sockets) socket.destroy();
  await closed;
}

/** aedes, embedded so that a PUBACK means "on disk" and no hub can harm another. */
export async function startMqttDoor(options: MqttDoorOptions): Promise<MqttDoor> {
  const hall = hallOf(options);
  const aedes = embed(hall);
  await aedes.listen();

  options.admittance.onChange((hub) => {
    const connection = hall.presence.of(hub.hubId);
    if (connection?.identity && !hub.keyHashes.includes(connection.identity.keyHash)) end(hall, connection, 'revoked');
  });

  function gone(this: Socket): void {
    hall.sockets.delete(this);
  }
  const reception = {
    arrived(socket: Socket) {
      hall.sockets.add(socket);
      socket.on('close', gone);
      if (hall.sockets.size > options.maxConnections + hall.limits.politeRefusals) {
        hall.meters.refused('server_full');
        socket.destroy();
      }
    },
    ready: receptionOf(hall, aedes),
  };
  const plain = options.plain && (await listenPlain(options.plain, reception));
  const tls = options.tls && (await listenTls(options.tls, options.tls, hall.limits.authenticateMs, reception));

  return {
    port: plain?.port ?? null,
    tlsPort: tls?.port ?? null,
    async send(hubId, topic, payload) {
      const connection = hall.presence.of(hubId);
      return connection ? tell(hall, connection, { topic, payload }) : 'not_connected';
    },
    letGo(hubId, epoch) {
      const connection = hall.presence.overtaken(hubId, epoch);
      if (connection) end(hall, connection, 'moved');
    },
    use: (certificate) => tls?.use(certificate),
    stop: () =>
      closeDoor(
        hall,
        aedes,
        [plain, tls].filter((listener) => listener !== null),
      ),
  };
}

import { seconds } from '../../domain/time.ts';

export type DoorLimits = typeof doorLimits;
export const doorLimits = {
  /** 4 sockets that declared large frames before anybody knew them took 850 MB. */
  bytesBeforeConnect: 65_536,
  /** Zigbee2MQTT describes a home's devices in one message of some 230 kB. */
  bytes: 1_048_576,
  authenticateMs: seconds(5),
  inFlight: 32,
  /** Of all hubs that have just connected, what may wait until that is on disk: hubs come back with megabytes while the database is away. */
  unclaimedBytes: 64 * 1_048_576,
  /** A home says some two thousand things a day; this is a week's backlog at once, then a quarter of a million a day. */
  perSecond: 500,
  burst: 5_000,
  /** The protocol ends a connection after one and a half times its keep-alive: a hub that promised none is given three minutes. */
  longestKeepaliveSeconds: 120,
  /** What a hub leaves unread before it counts as frozen. */
  unreadBytes: 262_144,
  drainMs: seconds(20),
  /** Above the allowed connections, so many more are told so; beyond, the socket is just closed. */
  politeRefusals: 100,
  /** How long an orderly stop waits for answers under way. */
  stopMs: seconds(4),
};

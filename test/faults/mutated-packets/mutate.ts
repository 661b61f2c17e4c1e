import { lengthOf } from '../../../broker/doors/raw-hub.ts';
import type { Dice } from '../../../device-sim/dice.ts';

/** One thing done to the bytes of a packet. `other` is another packet, for what is made of two. */
type Mutation = (bytes: Buffer, at: number, other: Buffer, dice: Dice) => Buffer;

const flipBit: Mutation = (bytes, at, _, dice) => {
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << dice.whole(0, 7));
  return flipped;
};
const setByte: Mutation = (bytes, at, _, dice) =>
  Buffer.from(bytes).fill(dice.pick([0, 1, 0x7f, 0x80, 0xff, dice.whole(0, 255)]), at, at + 1);
const truncate: Mutation = (bytes, at) => bytes.subarray(0, at + 1);
const splice: Mutation = (bytes, at, other) =>
  Buffer.concat([bytes.subarray(0, at), other.subarray(at % other.length)]);
const insert: Mutation = (bytes, at, _, dice) =>
  Buffer.concat([bytes.subarray(0, at), Buffer.alloc(dice.whole(1, 40), dice.whole(0, 255)), bytes.subarray(at)]);
const remove: Mutation = (bytes, at, _, dice) =>
  Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + dice.whole(1, 8))]);

/** Where the body begins: after the type and one to four bytes of length. */
function bodyAt(bytes: Buffer): number {
  let at = 1;
  while (at < 4 && (bytes[at] ?? 0) > 127) at++;
  return Math.min(bytes.length, at + 1);
}
const lie: Mutation = (bytes, _, __, dice) => {
  const body = bytes.subarray(bodyAt(bytes));
  const said = dice.pick([0, 1, body.length - 1, body.length + 1, 127, 128, 16_384, 65_537, 1_048_577, 268_435_455]);
  return Buffer.concat([bytes.subarray(0, 1), lengthOf(Math.max(0, said)), body]);
};
const endlessLength: Mutation = (bytes) =>
  Buffer.concat([bytes.subarray(0, 1), Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]), bytes.subarray(bodyAt(bytes))]);
/** 0 is reserved, 15 only in version 5, and half of the others are the server's to say. */
const anotherType: Mutation = (bytes, _, __, dice) =>
  Buffer.from(bytes).fill((dice.whole(0, 15) << 4) | dice.whole(0, 15), 0, 1);
const wrongFlags: Mutation = (bytes, _, __, dice) =>
  Buffer.from(bytes).fill(((bytes[0] ?? 0) & 0xf0) | dice.whole(0, 15), 0, 1);

const mutations: readonly [Mutation, ...Mutation[]] = [
  ...([flipBit, setByte, truncate, splice, insert, remove] as const),
  ...([lie, endlessLength, anotherType, wrongFlags] as const),
];

export function mutated(bytes: Buffer, other: Buffer, dice: Dice): Buffer {
  let now = bytes;
  for (let times = dice.whole(1, 3); times > 0 && now.length > 0; times--) {
    now = dice.pick(mutations)(now, dice.whole(0, now.length - 1), other, dice);
  }
  return now;
}

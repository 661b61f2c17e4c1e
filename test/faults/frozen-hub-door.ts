import { standingDoor } from '../../broker/doors/standing-door.ts';

/** A front door as a process of its own for `frozen-hub.ts`, which sends far too much to some of its hubs. Lives as long as its parent. */
const [talkedTo = 0, others = 0] = process.argv.slice(2).map(Number);
/** 3.2 MB/s to each: what the kernel holds for a connection is full within a second or two. */
const EVERY_MS = 5;
const message = Buffer.alloc(16_000, 'x');

const names = (kind: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${kind}-${i + 1}`);
const audience = names('talked-to', talkedTo);
const all = [...audience, ...names('other', others)];
const standing = await standingDoor({ hubs: all, limits: { perSecond: 1_000_000, burst: 1_000_000 } });

const talking = setInterval(() => {
  for (const name of audience) void standing.door.send(standing.hubId(name), `sw/${name}/down`, message);
}, EVERY_MS);

process.send?.({ port: standing.port, hubs: all.map((name) => standing.connect(name)) });
process.once('disconnect', async () => {
  clearInterval(talking);
  await standing.stop();
});

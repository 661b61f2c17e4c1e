import { temporaryFolder } from '../memory.ts';
import { type Cluster as Database, freshDatabase, type Machine, type Standby, startPostgres } from '../postgres.ts';
import { type System, startSystem } from '../system.ts';

/** Several processes over one PostgreSQL, each with a data folder of its own, as on machines of their own. */
export type Cluster = {
  /** Names the standby too, if there is one. */
  readonly url: string;
  readonly database: Database;
  /** Starts a process, or starts it again after its end, on the folder that it had. */
  readonly start: (
    name: string,
    roles: readonly string[],
    env?: Readonly<Record<string, string>>,
    under?: readonly string[],
  ) => Promise<System>;
  readonly process: (name: string) => System;
  readonly processes: () => ReadonlyMap<string, number>;
  /** Before the first process: from then on every commit waits for the standby. */
  readonly startStandby: (machine?: Machine) => Promise<Standby>;
  readonly end: () => Promise<void>;
};

export async function startCluster(machine?: Machine): Promise<Cluster> {
  const database = await startPostgres({}, machine);
  const own = await freshDatabase(database.url);
  let url = own;
  let standby: Standby | null = null;
  const folders = new Map<string, ReturnType<typeof temporaryFolder>>();
  const systems = new Map<string, System>();

  return {
    get url() {
      return url;
    },
    database,
    async startStandby(other) {
      standby = await database.startStandby(other);
      url = standby.url.replace(/[^/]*$/, own.replace(/.*\//, ''));
      return standby;
    },
    async start(name, roles, env = {}, under = []) {
      const folder = folders.get(name) ?? temporaryFolder();
      folders.set(name, folder);
      const system = await startSystem({
        dataDir: folder.path,
        roles,
        under,
        env: { SHOUWANG_DATABASE_URL: url, ...env },
      });
      systems.set(name, system);
      return system;
    },
    process(name) {
      const system = systems.get(name);
      if (!system) throw new Error(`there is no process ${name}`);
      return system;
    },
    processes: () => new Map([...systems].map(([name, { child }]) => [name, child.pid ?? 0])),
    async end() {
      // One that stands still could not end.
      for (const { child } of systems.values()) child.kill('SIGCONT');
      await Promise.all([...systems.values()].map((system) => system.stop()));
      await standby?.stop();
      await database.stop();
      for (const folder of folders.values()) folder.remove();
    },
  };
}

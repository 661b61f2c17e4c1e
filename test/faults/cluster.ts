import { temporaryFolder } from '../memory.ts';
import { freshDatabase, startPostgres } from '../postgres.ts';
import { type System, startSystem } from '../system.ts';

/** Several processes over one PostgreSQL, each with a data folder of its own, as on machines of their own. */
export type Cluster = {
  readonly url: string;
  /** Starts a process, or starts it again after its end, on the folder that it had. */
  readonly start: (name: string, roles: readonly string[], env?: Readonly<Record<string, string>>) => Promise<System>;
  readonly process: (name: string) => System;
  readonly processes: () => ReadonlyMap<string, number>;
  readonly end: () => Promise<void>;
};

export async function startCluster(): Promise<Cluster> {
  const server = await startPostgres();
  const url = await freshDatabase(server.url);
  const folders = new Map<string, ReturnType<typeof temporaryFolder>>();
  const systems = new Map<string, System>();

  return {
    url,
    async start(name, roles, env = {}) {
      const folder = folders.get(name) ?? temporaryFolder();
      folders.set(name, folder);
      const system = await startSystem({
        dataDir: folder.path,
        roles,
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
      await server.stop();
      for (const folder of folders.values()) folder.remove();
    },
  };
}

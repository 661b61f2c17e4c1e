import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type Served = {
  readonly port: number;
  readonly pid: number;
  readonly child: ChildProcess;
  readonly end: (signal: NodeJS.Signals) => Promise<void>;
};

/** A script of this folder that prints its port, as a process of its own. */
export async function serve(
  file: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<Served> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...flags, script, ...args], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const [port] = await once(child.stdout ?? child, 'data');
  return {
    port: Number(port),
    pid: child.pid ?? 0,
    child,
    async end(signal) {
      child.kill(signal);
      await exited;
    },
  };
}

/** The front door for so many hubs (`bench-1` … with the password `key`), on a file in `folder` or on one that goes with it. */
export const serveDoor = (
  hubs: number,
  { folder, flags = [] }: { readonly folder?: string; readonly flags?: readonly string[] } = {},
): Promise<Served> => serve('./door-server.ts', [String(hubs), ...(folder ? [folder] : [])], flags);

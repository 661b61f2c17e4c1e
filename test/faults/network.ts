import { execFileSync, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

/** A machine of its own as far as the network goes: it has an address, and a cable that can be pulled. */
export type Host = {
  readonly address: string;
  /** What a program is started with, to be on it. */
  readonly under: readonly string[];
  readonly pull: () => void;
  readonly plug: () => void;
};

export type Network = { readonly hosts: readonly Host[]; readonly end: () => void };

const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });

/** Null when network namespaces can be made here, otherwise the reason why not. */
export function networkUnavailable(): string | null {
  const name = `shouwang-try-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name]);
  if (made.error) return 'ip is not installed (Debian: apt-get install iproute2)';
  if (made.status !== 0) return 'network namespaces can be made by root only, and not in every container';
  ip('netns', 'del', name);
  return null;
}

/** So many hosts on one switch, to which this process is connected as well: it is the street where the hubs are. */
export function openNetwork(count: number): Network {
  // Two networks at once must not be each other's.
  const net = randomInt(1, 250);
  const name = `sw${net}`;
  const address = (n: number) => `10.77.${net}.${n}`;
  ip('link', 'add', name, 'type', 'bridge');
  ip('addr', 'add', `${address(254)}/24`, 'dev', name);
  ip('link', 'set', name, 'up');
  const hosts = Array.from({ length: count }, (_, i): Host => {
    const namespace = `${name}-${i + 1}`;
    const cable = `${name}v${i + 1}`;
    ip('netns', 'add', namespace);
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    ip('link', 'set', cable, 'master', name);
    ip('link', 'set', cable, 'up');
    const inside = (...args: readonly string[]) => ip('-n', namespace, ...args);
    inside('addr', 'add', `${address(i + 1)}/24`, 'dev', 'eth0');
    inside('link', 'set', 'eth0', 'up');
    inside('link', 'set', 'lo', 'up');
    return {
      address: address(i + 1),
      under: ['ip', 'netns', 'exec', namespace],
      pull: () => ip('link', 'set', cable, 'down'),
      plug: () => ip('link', 'set', cable, 'up'),
    };
  });
  const end = (): void => {
    for (let i = 1; i <= count; i++) spawnSync('ip', ['netns', 'del', `${name}-${i}`]);
    spawnSync('ip', ['link', 'del', name]);
  };
  process.once('exit', end);
  return {
    hosts,
    end() {
      process.off('exit', end);
      end();
    },
  };
}

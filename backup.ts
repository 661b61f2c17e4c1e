import { hostname, setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import packageJson from './package.json' with { type: 'json' };
import { type Config, ConfigError, readConfig } from './runtime/config.ts';
import { megabytes, takeBackup } from './store/backup.ts';
import { BackupRefused } from './store/backup-refused.ts';
import { restoreBackup } from './store/restore.ts';

const USE = `npm run backup -- FOLDER [--keep N]
    Backs up the database and the data folder while Shouwang runs, into a folder of its own within FOLDER;
    with --keep only the N newest backups stay there.

npm run restore -- BACKUP
    Puts such a backup into an empty data folder (and an empty PostgreSQL database, where it is of one).

What is backed up, and restored to, is said by SHOUWANG_DATA_DIR and SHOUWANG_DATABASE_URL, as for npm start.
`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const moment = (at: number): string =>
  new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z/, ' UTC');
const seconds = (from: number): string => ((performance.now() - from) / 1_000).toFixed(1);

async function take(config: Config, into: string, keep: number | null): Promise<void> {
  // Homes come before copies.
  setPriority(5);
  const from = performance.now();
  const taken = await takeBackup({
    databaseUrl: config.databaseUrl,
    dataDir: config.SHOUWANG_DATA_DIR,
    ...{ into, keep },
    now: Date.now,
    program: packageJson.version,
    host: hostname(),
    environment: process.env,
  });
  const { homes, hubs, users, unresolved } = taken.holds;
  say(`The backup is whole: ${taken.folder}`);
  say(
    `It holds everything up to ${moment(taken.takenAt)}: ${homes} homes, ${hubs} hubs, ${users} users, ${unresolved} unresolved alerts.`,
  );
  say(
    `${megabytes(taken.bytes)} MB in ${seconds(from)} s, read again after writing: ${taken.engine === 'sqlite' ? 'its integrity was checked, and it counts the same' : 'the archive is readable to its end'}.`,
  );
  if (taken.removed.length > 0) say(`Removed as older than the ${keep} kept: ${taken.removed.join(', ')}`);
  if (taken.sameDisk) say('It is on the same disk as the data: copy it elsewhere, or one disk that dies takes both.');
  say('Whoever has it has the keys of the site and all that is known of its people: keep it as you keep the server.');
}

async function restore(config: Config, backup: string): Promise<void> {
  const from = performance.now();
  const { takenAt, host, holds } = await restoreBackup({
    backup,
    databaseUrl: config.databaseUrl,
    dataDir: config.SHOUWANG_DATA_DIR,
    now: Date.now,
    environment: process.env,
  });
  say(`Restored in ${seconds(from)} s: everything up to ${moment(takenAt)}, as it was on ${host}.`);
  say(
    'What was acknowledged after that is lost: no hub will send it again. If the old disk can still be read, restore nothing and use that.',
  );
  say(`${holds.unresolved} alerts are unresolved; each is told again as soon as Shouwang starts.`);
  say(
    "The hubs' keys are valid as they were then: revoke again what was revoked since. People log in again: sessions and login links have ended.",
  );
  say('Now start it: npm start');
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { keep: { type: 'string' } } });
const [what, folder, ...more] = positionals;
const keep = values.keep === undefined ? null : Number(values.keep);
const isUsed = (what === 'take' || what === 'restore') && folder !== undefined && more.length === 0;
if (!isUsed || (keep !== null && !(Number.isInteger(keep) && keep >= 1))) {
  process.stderr.write(USE);
  process.exit(2);
}

try {
  const config = readConfig();
  if (what === 'take') await take(config, folder, keep);
  else await restore(config, folder);
} catch (error) {
  if (!(error instanceof BackupRefused || error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}

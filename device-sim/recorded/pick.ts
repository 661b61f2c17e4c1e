import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { dayAfter } from '../local-day.ts';
import { type ActivitySensor, activitySensors, quantities, type RecordedHome } from './format.ts';

/** Long coverage by day, with vital signs on nearly all of them, and the recording's end in common. */
const PICKED = ['30a32', '393cb', 'c5785', '201d8'];
const LAST_DAY = '2019-06-30';
/** Sixty days of history and one to be today. */
const DAYS = 61;

const usage =
  'node device-sim/recorded/pick.ts FOLDER   FOLDER holds activity.csv.gz, physiology.csv and residents.csv';
const { positionals } = parseArgs({ allowPositionals: true });
const [folder] = positionals;
if (!folder) {
  console.error(usage);
  process.exit(2);
}

const rows = (text: string) => text.trim().split('\n').slice(1);
const text = (name: string) => readFileSync(join(folder, name)).toString();
const activity = rows(gunzipSync(readFileSync(join(folder, 'activity.csv.gz'))).toString()).map((row) =>
  row.split(','),
);
const physiology = rows(text('physiology.csv')).map((row) => row.split(','));
const residents = new Map(
  rows(text('residents.csv')).map((row) => {
    const [home = '', rest = ''] = [row.slice(0, row.indexOf(',')), row.slice(row.indexOf(',') + 1)];
    const [, from, to, sex] = /^"\((\d+), (\d+)\]",(\w+)$/.exec(rest) ?? [];
    return [home, { age: `${from}-${to}`, sex: sex === 'Male' ? ('male' as const) : ('female' as const) }];
  }),
);

const secondOf = (time: string) => {
  const [hour = 0, minute = 0, second = 0] = time.slice(11).split(':').map(Number);
  return hour * 3_600 + minute * 60 + second;
};

function pick(home: string): RecordedHome {
  const person = residents.get(home);
  if (!person) throw new Error(`home ${home} is not in residents.csv`);
  const days = Array.from({ length: DAYS }, (_, i) => dayAfter(LAST_DAY, i - DAYS + 1));
  return {
    source: 'TIHM, doi 10.5281/zenodo.7622128',
    licence: 'CC BY 4.0; changed, see README.md',
    home,
    ...person,
    days: days.map((day) => {
      const own = (row: readonly string[]) => row[0] === home && row[1]?.startsWith(day);
      const seen = activity
        .filter(own)
        .map(([, time = '', sensor = '']) => ({
          second: secondOf(time),
          sensor: activitySensors.indexOf(sensor as ActivitySensor),
        }))
        .filter(({ sensor }) => sensor >= 0)
        .sort((a, b) => a.second - b.second);
      const measured = physiology
        .filter(own)
        .flatMap(([, time = '', quantity = '', value]): RecordedHome['days'][number]['vitals'] => {
          const known = quantities[quantity as keyof typeof quantities];
          return known ? [[secondOf(time), known.kind, Number(value)]] : [];
        });
      return {
        activity: seen.flatMap(({ second, sensor }, i) => [second - (seen[i - 1]?.second ?? 0), sensor]),
        vitals: measured.sort((a, b) => a[0] - b[0]),
      };
    }),
  };
}

PICKED.forEach((home, i) => {
  const file = join(import.meta.dirname, `home-${i + 1}.json.gz`);
  const bytes = gzipSync(JSON.stringify(pick(home)), { level: 9 });
  writeFileSync(file, bytes);
  console.log(`${file}: ${bytes.length} bytes`);
});

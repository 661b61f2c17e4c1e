import { parseArgs } from 'node:util';
import { seconds } from '../domain/time.ts';
import { Complaint, logIn, type NewUser, newUser, type Session } from './api.ts';
import { type DemoArea, demoArea } from './demo-area.ts';
import { DEMO_FOLDER, freshFolder, markDemo } from './demo-folder.ts';
import { startServer } from './demo-server.ts';
import { noLedger } from './ledger.ts';
import { settleTown } from './provision.ts';
import { registerRecorded, startReplay } from './replay.ts';
import { startTown } from './town.ts';

const usage = `npm run demo -- [--homes 40] [--trouble 90] [--seed WORD]

  Starts Shouwang on a fresh folder (data/demo, emptied at each start; SHOUWANG_DATA_DIR names another) with a town around four
  recorded homes. --trouble: mean seconds between two scenarios. Ports: SHOUWANG_HTTP_PORT (8080), SHOUWANG_MQTT_PORT (1883),
  SHOUWANG_MQTTS_PORT (8883). Ctrl-C ends it.`;

const tell = (words: string) => console.log(`${new Date().toLocaleTimeString('sv-SE')}  ${words}`);

type Role = { readonly zh: string; readonly en: string; readonly user: NewUser };

function rolesIn({ district, stations: [one, two] }: DemoArea, householdId: string): readonly Role[] {
  const user = (
    login: string,
    name: string,
    role: NewUser['role'],
    where: Pick<NewUser, 'areaId' | 'householdId'>,
  ) => ({
    login: `demo-${login}`,
    name,
    role,
    ...where,
  });
  return [
    {
      zh: '值班员（一站）',
      en: 'operator, station 1',
      user: user('operator-1', '演示值班员 一', 'operator', { areaId: one.id }),
    },
    {
      zh: '值班员（二站）',
      en: 'operator, station 2',
      user: user('operator-2', '演示值班员 二', 'operator', { areaId: two.id }),
    },
    { zh: '12349 热线', en: 'hotline', user: user('hotline', '演示热线', 'hotline', { areaId: district.id }) },
    {
      zh: '区级监管',
      en: 'supervisor, district',
      user: user('supervisor', '演示监管', 'supervisor', { areaId: district.id }),
    },
    { zh: '安装员', en: 'installer', user: user('installer', '演示安装员', 'installer', { areaId: district.id }) },
    { zh: '家属', en: 'family of home 001', user: user('family', '演示家属', 'family', { householdId }) },
    { zh: '系统负责人', en: 'owner', user: user('owner', '演示负责人', 'owner', { areaId: 'root' }) },
  ];
}

async function printLinks(session: Session, roles: readonly Role[]): Promise<void> {
  const rows: string[] = [];
  for (const { zh, en, user } of roles) rows.push(`  ${en.padEnd(22)}${await newUser(session, user)}   ${zh}`);
  console.log(`
守望 · Shouwang   ${session.url}

每个链接只能登录一次 · each link logs in once; open the first for the desk

${rows.join('\n')}
`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      homes: { type: 'string', default: '40' },
      trouble: { type: 'string', default: '90' },
      seed: { type: 'string', default: 'demo' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const count = Number(values.homes);
  if (!Number.isInteger(count) || count < 1)
    throw new Complaint(`--homes is "${values.homes}": expected a whole number from 1`);
  const folder = process.env.SHOUWANG_DATA_DIR ?? DEMO_FOLDER;
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
  const asked = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));

  freshFolder(folder);
  const server = await startServer(folder, process.env);
  const stops = [server.stop];
  try {
    const session = await logIn(server.url, server.link);
    markDemo(folder, { pid: process.pid, url: server.url, mqtt: server.mqtt, cookie: session.cookie });
    const area = await demoArea(session);
    const stations = area.stations.map(({ id }) => id);
    const homes = await settleTown(session, stations, count, { seed: values.seed, prefix: 'demo' });
    const guests = await registerRecorded(session, area.stations[0].id, 'demo');
    await printLinks(session, rolesIn(area, homes[0]?.householdId ?? ''));

    const { mqtt } = server;
    const troubleEveryMs = seconds(Number(values.trouble));
    stops.push(startTown(homes, { mqtt, ledger: noLedger, seed: values.seed, speed: 1, troubleEveryMs, tell }));
    stops.push(startReplay(guests, { mqtt, ledger: noLedger, tell }));
    tell(`${homes.length} 户模拟家庭、${guests.length} 户录制家庭已上线 · homes live. Ctrl-C 结束 · ends it`);
    await Promise.race([asked, server.ended]);
    tell(ending.signal.aborted ? '正在结束 · ending' : '服务器已停止 · the server has ended');
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

main().catch((cause: unknown) => {
  if (!(cause instanceof Complaint)) throw cause;
  console.error(cause.message);
  process.exitCode = 1;
});

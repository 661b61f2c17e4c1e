/**
 * The flow that somebody would draw in Node-RED for the same job: everything comes in by MQTT, is parsed, each device's state is kept
 * in memory, a button raises an alert that a browser hears of by WebSocket. Nothing is on disk and nobody is escalated to.
 */
const understand = `
const [, hub] = msg.topic.split('/');
const said = JSON.parse(msg.payload);
const states = flow.get('states') ?? {};
const alerts = flow.get('alerts') ?? {};
let raised = null;
for (const { kind, device, value } of said.readings) {
  states[hub + '/' + device] = { kind, value, at: Date.now() };
  if (kind !== 'sos') continue;
  const alert = alerts[hub] ?? { hub, at: Date.now(), state: 'open', occurrences: 0 };
  alert.occurrences++;
  alerts[hub] = alert;
  raised = { payload: JSON.stringify({ ...alert, boot: said.boot, seq: said.seq }) };
}
flow.set('states', states);
flow.set('alerts', alerts);
flow.set('heard', (flow.get('heard') ?? 0) + 1);
return raised;
`;

const answer = `msg.payload = { heard: flow.get('heard') ?? 0 }; return msg;`;

export const flowOver = (mqttPort: number): readonly object[] => [
  { id: 'tab', type: 'tab', label: 'homes' },
  {
    ...{ id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', port: String(mqttPort), clientid: 'node-red' },
    ...{ protocolVersion: '4', keepalive: '60', cleansession: true, autoConnect: true },
  },
  {
    ...{ id: 'in', z: 'tab', type: 'mqtt in', topic: 'sw/#', qos: '1', datatype: 'utf8', broker: 'broker' },
    wires: [['understand']],
  },
  { id: 'understand', z: 'tab', type: 'function', func: understand, outputs: 1, wires: [['out']] },
  { id: 'listener', type: 'websocket-listener', path: '/alerts', wholemsg: 'false' },
  { id: 'out', z: 'tab', type: 'websocket out', server: 'listener', client: '', wires: [] },
  { id: 'ask', z: 'tab', type: 'http in', url: '/heard', method: 'get', wires: [['answer']] },
  { id: 'answer', z: 'tab', type: 'function', func: answer, outputs: 1, wires: [['response']] },
  { id: 'response', z: 'tab', type: 'http response', wires: [] },
];

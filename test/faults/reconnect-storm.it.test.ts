import { reconnectStorm } from './reconnect-storm.ts';
import { playShort } from './short.ts';

playShort(reconnectStorm);

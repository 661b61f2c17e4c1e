import { deviceClocks } from './device-clocks.ts';
import { playShort } from './short.ts';

playShort(deviceClocks);

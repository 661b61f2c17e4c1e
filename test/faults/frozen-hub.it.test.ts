import { frozenHubs } from './frozen-hub.ts';
import { playShort } from './short.ts';

playShort(frozenHubs);

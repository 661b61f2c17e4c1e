import { injection } from './injection.ts';
import { playShort } from './short.ts';

playShort(injection);

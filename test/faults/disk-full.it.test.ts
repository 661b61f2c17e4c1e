import { diskFull } from './disk-full.ts';
import { playShort } from './short.ts';

playShort(diskFull);

import { playShort } from './short.ts';
import { slowDisk } from './slow-disk.ts';

playShort(slowDisk);

import { restore } from './restore.ts';
import { playShort } from './short.ts';

playShort(restore);

import { fsyncError } from './fsync-error.ts';
import { playShort } from './short.ts';

playShort(fsyncError);

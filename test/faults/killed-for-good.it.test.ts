import { killedForGood } from './killed-for-good.ts';
import { playShort } from './short.ts';

playShort(killedForGood);

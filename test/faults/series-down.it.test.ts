import { seriesDown } from './series-down.ts';
import { playShort } from './short.ts';

playShort(seriesDown);

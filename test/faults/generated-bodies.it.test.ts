import { generatedBodies } from './generated-bodies.ts';
import { playShort } from './short.ts';

playShort(generatedBodies);

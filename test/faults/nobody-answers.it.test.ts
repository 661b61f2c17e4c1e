import { nobodyAnswers } from './nobody-answers.ts';
import { playShort } from './short.ts';

playShort(nobodyAnswers);
